/// What can go wrong while layers are scored and results are kept.
public enum ProbeError: Error, Equatable, Sendable {
  /// A text has too few documents with tokens for an interval over documents.
  case tooFewDocuments(text: String, found: Int, needed: Int)
  /// Two texts go by one name, or a name cannot stand in an archive.
  case badTextName(String, TextNameProblem)
  /// A token id that the model's embedding does not have.
  case tokenOutsideVocabulary(text: String, document: Int, token: Int, vocabulary: Int)
  /// A document with its prefix token is longer than the model's positions.
  case contextTooShort(maximumTokens: Int, positions: Int)
  /// A weight that is NaN or infinite; no layer for the embedding, the final norm and the head.
  case weightNotFinite(tensor: String, layer: Int?, element: Int)
  /// A score that is NaN or infinite: of which text, which of its scored documents (nil for all together), and at which
  /// place of the score's axis.
  case notFinite(score: String, subject: String, document: Int?, place: Int, axis: ScoreAxis)
  /// A budget that no set of layers has.
  case badBudget(BudgetProblem)
  /// A routine of the GNU Scientific Library failed.
  case statistics(routine: String, message: String)
  /// LAPACK did not find a matrix's singular values.
  case singularValues(rows: Int, columns: Int)
  /// A routine of HDF5 failed on a file.
  case archive(file: String, routine: String, object: String)
  /// An archive of another layout.
  case archiveVersion(file: String, found: Int, expected: Int)
  /// The run was stopped from outside.
  case interrupted

  /// Whether what was asked for cannot be, rather than that something went wrong.
  public var isWrongUsage: Bool { if case .badBudget = self { true } else { false } }

  /// What is wrong with a text's name.
  public enum TextNameProblem: Equatable, Sendable {
    /// Another text has it.
    case repeated
    /// It is empty, `.` or `..`, or holds a slash.
    case notAName
  }

  /// What is wrong with a budget of layers.
  public enum BudgetProblem: Equatable, Sendable {
    /// More layers than there are, or none.
    case layers(asked: Int, layerCount: Int)
    /// Less than any layer has of the model's weights, or more than all.
    case fraction(asked: Double, smallestLayer: Double)
  }
}
