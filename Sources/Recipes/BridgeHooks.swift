/// The Python module that puts bridges into a model of `transformers`: hooks, so that parameters, names and what is saved
/// stay those of the model.
let bridgeHooks = TrainingRecipe.File(
  name: "elo_bridge.py",
  text: #"""
    """Bridges of a detached model: affine maps in place of the layers that are missing. Written by elo-surgeon."""

    import torch
    from safetensors.torch import load_file


    def bridge(weight, bias):
        """The map h + h W^T + b on the residual stream, frozen."""
        moved = {}

        def apply(states):
            where = (states.device, states.dtype)
            if where not in moved:
                moved[where] = (weight.to(*where), bias.to(*where))
            return states + torch.nn.functional.linear(states, *moved[where])

        return apply


    def behind(apply):
        """A hook that applies a bridge to what a layer gives: a tensor, or a tuple that begins with it."""

        def hook(module, inputs, output):
            if isinstance(output, tuple):
                return (apply(output[0]), *output[1:])
            return apply(output)

        return hook


    def before(apply):
        """A hook that applies a bridge to what a layer is given."""

        def hook(module, inputs):
            return (apply(inputs[0]), *inputs[1:])

        return hook


    def add_bridges(model, layers, file):
        """Puts the bridges of `file` behind the layers that they name, -1 being the embedding.

        `layers` is the name of the module that holds the layers. Nothing is added to the model's parameters.
        """
        tensors = load_file(file)
        stack = model.get_submodule(layers)
        for name in sorted(tensors):
            if not name.endswith(".weight"):
                continue
            after = int(name.split(".")[1])
            apply = bridge(tensors[name], tensors[f"after.{after}.bias"])
            if after < 0:
                stack[0].register_forward_pre_hook(before(apply))
            else:
                stack[after].register_forward_hook(behind(apply))
            print(f"bridge behind {'the embedding' if after < 0 else f'layer {after}'}")

    """#)
