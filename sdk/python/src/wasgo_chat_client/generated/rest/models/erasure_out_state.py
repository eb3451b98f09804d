from typing import Literal

ErasureOutState = Literal["done", "running"]

ERASURE_OUT_STATE_VALUES: set[ErasureOutState] = {
    "done",
    "running",
}


def check_erasure_out_state(value: str) -> ErasureOutState:
    if value in ERASURE_OUT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ERASURE_OUT_STATE_VALUES!r}")
