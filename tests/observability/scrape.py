"""A parsed scrape of `/metrics`."""

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.world import NO_TLS


@dataclass
class Scraped:
    """Samples by name and labels."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]
    text: str

    def value(self, name: str, **labels: str) -> float:
        """One sample; 0 if there is none, as for a counter that was never incremented."""
        return self.samples.get((f"wasgo_chat_{name}", frozenset(labels.items())), 0.0)

    def total(self, name: str) -> float:
        """The sum of all samples of a name."""
        return sum(value for (found, _), value in self.samples.items() if found == f"wasgo_chat_{name}")


async def scrape(url: str, **headers: str) -> Scraped:
    async with httpx.AsyncClient(base_url=url, verify=NO_TLS) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    return Scraped(samples, answer.text)
