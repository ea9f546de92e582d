"""Quick trainings for tests."""


def without_graphs(patch):
    """Train and predict without graphs: their tracing takes longer than a few steps."""
    import keras

    compiled = keras.Model.compile

    def compile_eagerly(model, *given, **options):
        compiled(model, *given, **options | {"run_eagerly": True})

    patch.setattr(keras.Model, "compile", compile_eagerly)
