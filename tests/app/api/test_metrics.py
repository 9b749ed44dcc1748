"""Does a monitoring system read the state of workers, subnets and packets?"""

from prometheus_client.parser import text_string_to_metric_families

from tests.builders import Product


def test_metrics_tell_workers_addresses_and_outcomes(product: Product) -> None:
    product.plan()
    product.wait(product.live)
    product.simulate(5, rate=500)
    product.wait(lambda: 'reason="assigned"' in product.web.get("/metrics", headers=product.bearer).text)
    answer = product.web.get("/metrics", headers=product.bearer)
    assert answer.headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, *(v for k, v in sorted(sample.labels.items()) if k in ("state", "reason"))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["leaseboard_worker_live",] == 1
    assert found["leaseboard_subnet_addresses", "leased"] == 5
    assert found["leaseboard_subnet_addresses", "free"] == 195
    assert found["leaseboard_worker_outcomes_total", "assigned"] == 5
    assert product.web.get("/metrics").status_code in (303, 401)
