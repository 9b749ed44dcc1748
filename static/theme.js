"use strict";
const wanted = localStorage.getItem("theme");
const dark = wanted ? wanted === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
