/// Checks a post-processor; encoding runs none, because documents get their special tokens elsewhere.
///
/// Every type only trims offsets or adds special tokens around the ids, so nothing of it is kept.
/// - Throws: `TokenizerError`, naming a type that this library does not know and that might do more.
func checkPostProcessor(_ component: Component) throws(TokenizerError) {
  let type = try component.type
  switch type {
  case "ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing": return
  case "Sequence": for part in try component.elements("processors") { try checkPostProcessor(part) }
  default: throw component.unsupportedType(type)
  }
}
