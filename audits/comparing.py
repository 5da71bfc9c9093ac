"""`==` and `<` as JMESPath means them, within the bounds."""

import operator
from typing import Any

from jmespath.visitor import _equals, _is_comparable

from audits.bounds import TEXT, Evaluation

NUMBERS = frozenset((int, float))
CONTAINERS = frozenset((list, dict))
SIGNS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def same(run: Evaluation, one: Any, other: Any) -> bool:
    """Say whether two values are equal; 0 and 1 are not false and true."""
    if type(one) in CONTAINERS and type(one) is type(other):
        if len(one) != len(other):
            return False
        run.spend(run.weight(one))
    elif type(one) is str and len(one) > TEXT:
        run.spend(len(one) // TEXT)
    return bool(_equals(one, other))


def ordered(run: Evaluation, sign: str, one: Any, other: Any) -> bool | None:
    """Compare numbers, or texts; anything else gives null. Raises TypeError for one of each."""
    if not (_is_comparable(one) and _is_comparable(other)):
        return None
    if type(one) is str and len(one) > TEXT:
        run.spend(len(one) // TEXT)
    answer: bool = SIGNS[sign](one, other)
    return answer
