"""Compiled code at an address as a function that other compiled code calls.

Imports Numba, so only the compiler imports it; a module of its own, because cached code names its types by the module that they are in.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic, lower_builtin, models, register_model


class CodeAt(types.Callable):
    """Code of a signature, the address of which is the value.

    Not Numba's own kind of function, each call of which says what is to be done if it is a function of the interpreter after all.
    """

    def __init__(self, signature: Any) -> None:
        self.signature = signature
        super().__init__(f"code of {signature} at an address")

    def get_call_type(self, context: Any, arguments: Any, keywords: Any) -> Any:
        """The signature, for arguments that it takes."""
        wanted = self.signature
        fits = len(arguments) == len(wanted.args) and not keywords
        if fits and all(context.can_convert(one, other) is not None for one, other in zip(arguments, wanted.args, strict=True)):
            return wanted.replace(recvr=self)
        return None

    def get_call_signatures(self) -> Any:
        """The only one; no others by parameters."""
        return [self.signature], False

    def get_impl_key(self, signature: Any) -> Any:
        """One way to call them all."""
        return CodeAt


register_model(CodeAt)(models.OpaqueModel)


@lower_builtin(CodeAt, CodeAt, types.VarArg(types.Any))  # type: ignore[no-untyped-call]
def _call(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
    result, wanted = signature.return_type, signature.args[1:]
    place = builder.bitcast(arguments[0], context.call_conv.get_function_type(result, wanted).as_pointer())
    status, value = context.call_conv.call_function(builder, place, result, wanted, arguments[1:])
    with cgutils.if_unlikely(builder, status.is_error):  # type: ignore[no-untyped-call]
        context.call_conv.return_status_propagate(builder, status)
    return value


def function_at(signature: Any) -> Any:
    """For compiled code: what makes the address of compiled code of this signature a function."""
    kind = CodeAt(signature)

    @intrinsic
    def at(typing_context, address):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.inttoptr(arguments[0], cgutils.voidptr_t)

        return kind(types.int64), made

    return at
