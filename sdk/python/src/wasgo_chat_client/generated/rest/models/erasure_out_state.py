from typing import Literal, cast

ErasureOutState = Literal["done", "running"]

ERASURE_OUT_STATE_VALUES: set[ErasureOutState] = {
    "done",
    "running",
}


def check_erasure_out_state(value: str) -> ErasureOutState:
    return cast(ErasureOutState, value)  # a newer service may have more values
