// The REST explorer: calls go out with the session of the page and its CSRF token.
"use strict";
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  const wish = root.dataset.themeWish;
  root.classList.toggle("dark-mode", wish === "dark" || (wish === "auto" && dark.matches));
};
paint();
dark.addEventListener("change", paint);

const place = document.getElementById("explorer");
window.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  displayOperationId: true,
  validatorUrl: null,
  requestInterceptor(request) {
    request.headers["X-CSRF-Token"] = place.dataset.csrf;
    return request;
  },
});
