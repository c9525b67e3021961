/// Rows and columns of text and numbers.
public struct Table: Sendable, Hashable {
  /// One entry.
  public enum Cell: Sendable, Hashable {
    /// Text, at the left of its column.
    case text(String)
    /// A number, at the right of its column.
    case number(Double)
    /// Nothing was measured.
    case missing
  }

  /// What stands below each other.
  public struct Column: Sendable, Hashable {
    /// The heading, with the unit where there is one.
    public let name: String
    /// Digits behind the point; nil writes each number with five significant digits.
    public let decimals: Int?

    /// A column.
    public init(_ name: String, decimals: Int? = nil) {
      self.name = name
      self.decimals = decimals
    }
  }

  /// The columns, from the left.
  public let columns: [Column]
  /// The rows, from the top, each with a cell per column.
  public let rows: [[Cell]]
  /// What must be known to read the table, such as that rows were left out.
  public let note: String?

  /// A table.
  /// - Precondition: Every row has as many cells as there are columns.
  public init(columns: [Column], rows: [[Cell]], note: String? = nil) {
    for row in rows { precondition(row.count == columns.count, "\(row.count) cells for \(columns.count) columns") }
    self.columns = columns
    self.rows = rows
    self.note = note
  }

  /// Columns whose cells are numbers or missing stand at the right, headings included.
  private func isNumeric(_ column: Int) -> Bool {
    rows.contains { if case .number = $0[column] { true } else { false } }
      && rows.allSatisfy { if case .text = $0[column] { false } else { true } }
  }

  /// The table as HTML; a first column of text names its rows.
  var markup: Markup {
    let classes = columns.indices.map { isNumeric($0) ? [("class", "number")] : [] }
    let head = columns.indices.map { column in
      Markup.element("th", [("scope", "col")] + classes[column], text: columns[column].name)
    }
    let body = rows.map { row in
      Markup.element(
        "tr", [],
        columns.indices.map { column in
          let namesRow = column == 0 && classes[0].isEmpty
          return .element(
            namesRow ? "th" : "td",
            (namesRow ? [("scope", "row")] : []) + (isLong(row[column]) ? [("class", "long")] : classes[column]),
            text: text(row[column], decimals: columns[column].decimals))
        })
    }
    let table = Markup.element(
      "table", [], [.element("thead", [], [.element("tr", [], head)]), .element("tbody", [], body)])
    let wrapped = Markup.element("div", [("class", "scroll")], [table])
    guard let note else { return wrapped }
    return .element("div", [], [wrapped, .element("p", [("class", "note")], text: note)])
  }

  /// Whether a cell's text needs some width, so that it does not become a column of single words.
  private func isLong(_ cell: Cell) -> Bool { if case .text(let text) = cell { text.count > 40 } else { false } }

  private func text(_ cell: Cell, decimals: Int?) -> String {
    switch cell {
    case .text(let text): text
    case .number(let value):
      if let decimals, value.isFinite { decimalText(value, decimals: decimals) } else { readableText(value) }
    case .missing: "–"
    }
  }
}
