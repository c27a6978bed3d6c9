"""The subcommands of ``lra-ref``, one module each: ``add_arguments(parser)`` and ``main(arguments) -> exit code``."""
