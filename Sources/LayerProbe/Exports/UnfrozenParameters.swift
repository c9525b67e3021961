/// `unfrozen_parameters` of the layers: a regular expression for each tensor, from the beginning of its name to the end.
///
/// A dot in a name stays a dot: Axolotl turns every dot into a literal one itself, and would read an escaped one as a
/// backslash and any character. Taken as any character it still matches nothing but the tensor, since the expression gives
/// every name its whole length: layer 1 is not layer 10.
func unfrozenParameters(_ layers: [Int], of model: ModelOutline) -> String {
  "unfrozen_parameters:\n"
    + layers.flatMap { model.layers[$0].tensors }.map { "- ^\($0)$\n" }.joined()
}
