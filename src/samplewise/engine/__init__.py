"""Floor 2: fitted models, their outputs on rows they did not see, and the closed forms behind them."""
