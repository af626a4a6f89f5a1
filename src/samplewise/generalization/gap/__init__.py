"""How far the error on rows trained on lies below the error on others, bounded and split over the rows."""
