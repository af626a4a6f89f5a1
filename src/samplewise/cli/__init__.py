"""Floor 6: the command line. Arguments in, exit code out; everything it does can be called from Python too."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"app": ["app", "main"]})
