"""Floor 6: the command line. Arguments in, exit code out; everything it does can be called from Python too."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(__name__, submod_attrs={"app": ["app", "main"]})
