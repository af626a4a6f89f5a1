"""Gradients of one scalar per row with respect to a model's parameters, held as factors per layer.

Axes in this package: n rows, m other rows, k vectors, t positions, i inputs, o outputs, p parameters, c outputs of the
model. The (n, p) matrix of all gradients is never built.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "dense": ["DenseGradients", "LookupGradients"],
        "factors": ["MatrixGradients", "OuterGradients"],
        "layer": ["LayerGradients"],
        "differentiated_losses": ["OutputSum"],
        "networks": ["network_gradients"],
        "parameter_slices": ["MatrixPlace"],
        "rows": ["RowGradients"],
        "sketching": ["Directions"],
        "gradient_sources": ["Source", "loss_for", "sources_of"],
        "tangents": ["Tangents", "output_sums", "sums_at_most", "tangent_blocks"],
        "torch_curvature": ["GaussNewtonMatrix"],
        "torch_hessian": ["LossCurvature"],
        "torch_rows": ["row_gradients"],
        "torch_stream": ["RowSketches", "stream_sketches"],
    },
)
