"""Values for fields that a JSON schema describes: good ones, and good ones spoilt in one place or more."""

import json
import random
from typing import Any
from uuid import uuid4

STRANGE_TEXT = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202egnp.exe", "\ufeff", "é", "e\u0301" * 20, "👍", "❤", "❤️",
    "👨‍👩‍👧‍👦", "x" * 129, "x" * 201, "x" * 10_001, "\r\nX-Injected: 1", "../../etc/passwd", "' OR 1=1 --", "%s%n",
    "${jndi:ldap://x}", "{{7*7}}", "<script>alert(1)</script>", "null", "true", "0", "-1", "1e400", "NaN", "2026-02-30",
    "9999-12-31T23:59:60Z", "00000000-0000-0000-0000-000000000000", "not-an-id", "\u2028\u2029", "\x7f\x80\x9f",
    "\U0010ffff",
)  # fmt: skip
STRANGE_NUMBERS = (
    0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 0.1, -0.0, 1e-300, 1e300,
    float("nan"), float("inf"), -float("inf"),
)  # fmt: skip


class Maker:
    """Generates random values from a seed.

    `known` has valid values by field or parameter name, for what no schema expresses: existing ids.
    """

    def __init__(self, seed: int, definitions: dict[str, Any]) -> None:
        self.random = random.Random(seed)
        self.definitions = definitions
        self.known: dict[str, list[Any]] = {}

    def good(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> Any:
        """A value that is valid or almost valid for a schema."""
        schema = self._resolved(schema)
        if name in self.known and self.random.random() < 0.9:
            values = self.known[name]
            if schema.get("type") == "array":
                return self.random.sample(values, self.random.randint(0, min(3, len(values))))
            return self.random.choice(values)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "string":
                return self._string(schema)
            case "integer":
                return self.random.choice((0, 1, 2, 50, 100, self.random.getrandbits(40)))
            case "number":
                return self.random.random() * 100
            case "boolean":
                return self.random.random() < 0.5
            case "array":
                items = schema.get("items", {})
                return [self.good(items, name, depth + 1) for _ in range(self.random.randint(0, 3))]
            case "object":
                return self._object(schema, depth)
        return self.wild(depth)

    def wild(self, depth: int = 0) -> Any:
        """Any JSON value."""
        match self.random.randrange(8 if depth < 4 else 5):
            case 0:
                return None
            case 1:
                return self.random.random() < 0.5
            case 2:
                return self.random.choice(STRANGE_NUMBERS)
            case 3 | 4:
                return self.random.choice(STRANGE_TEXT)
            case 5:
                return [self.wild(depth + 1) for _ in range(self.random.randint(0, 4))]
            case 6:
                return {str(self.random.choice(STRANGE_TEXT)): self.wild(depth + 1) for _ in range(3)}
        deep: Any = 1
        for _ in range(self.random.choice((9, 60, 900))):
            deep = [deep] if self.random.random() < 0.5 else {"a": deep}
        return deep

    def spoilt(self, value: Any) -> Any:
        """A copy with one fault."""
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            name = self.random.choice(list(value))
            match self.random.randrange(5):
                case 0:
                    return {key: part for key, part in value.items() if key != name}
                case 1:
                    return {**value, str(self.random.choice(STRANGE_TEXT)): self.wild()}
            return {**value, name: self.spoilt(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.7:
            at = self.random.randrange(len(value))
            return [*value[:at], self.spoilt(value[at]), *value[at + 1 :]]
        if isinstance(value, list) and self.random.random() < 0.1:
            return value * 200
        return self.wild()

    def text(self, value: Any) -> bytes:
        """The value as JSON, sometimes with invalid bytes."""
        try:
            written = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass")
        except (RecursionError, ValueError):
            written = b"[" * 2000
        return self.broken(written) if self.random.random() < 0.1 else written

    def broken(self, content: bytes) -> bytes:
        """The bytes with a few of them changed, removed or duplicated."""
        changed = bytearray(content)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(changed) + 1)
            match self.random.randrange(4):
                case 0:
                    changed[at:at] = self.random.choice(
                        (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b'"', b"{", b"]", b"\\")
                    )
                case 1:
                    del changed[at : at + self.random.randint(1, 10)]
                case 2:
                    changed[at : at + 1] = bytes([self.random.randrange(256)])
                case 3:
                    changed[at:at] = changed[max(0, at - 20) : at]
        return bytes(changed)

    def _string(self, schema: dict[str, Any]) -> str:
        if schema.get("format") == "uuid":
            return str(uuid4())
        if "pattern" in schema and "http" in schema["pattern"]:
            return "https://127.0.0.1:1/x"
        return self.random.choice(("hi", "Olá", "x" * 50, str(self.random.getrandbits(30))))

    def _object(self, schema: dict[str, Any], depth: int) -> Any:
        if "properties" not in schema:
            return {
                f"k{n}": self.random.choice((1, "a", None, [1], {"b": 2})) for n in range(self.random.randint(0, 3))
            }
        required = schema.get("required", [])
        return {
            name: self.good(part, name, depth + 1)
            for name, part in schema["properties"].items()
            if name in required or self.random.random() < 0.4
        }

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self.definitions[schema["$ref"].rsplit("/", 1)[1]]
            else:
                schema = self.random.choice(schema["anyOf"])
        return schema
