import Checkpoints
import Testing

struct ConfigTextTests {
  static let text =
    "{\r\n    \"z\" :1e-05,\r\n    \"n\": 4,\r\n    \"t\": {\"k\": [ \"a\",  \"b\" ]},\r\n    \"e\": []\r\n}\r\n"

  private func config(_ text: String = Self.text) throws -> ConfigText {
    try ConfigText(Array(text.utf8), path: "config.json")
  }
  private func string(_ config: ConfigText) -> String { String(decoding: config.bytes, as: UTF8.self) }

  @Test func anEditChangesNothingElse() throws {
    var edited = try config()
    try edited.set(["n"], to: "2")
    #expect(string(edited) == Self.text.replacing("\"n\": 4", with: "\"n\": 2"))
    #expect(edited["n"]?.int == 2)
  }

  @Test func aNewKeyGoesBehindTheLastInTheLayoutOfTheFile() throws {
    var edited = try config()
    try edited.set(["new"], to: "true")
    #expect(string(edited) == Self.text.replacing("[]\r\n}", with: "[],\r\n    \"new\": true\r\n}"))
    var compact = try config("{\"a\":1}")
    try compact.set(["b"], to: "2")
    #expect(string(compact) == "{\"a\":1,\"b\":2}")
    var empty = try config("{}")
    try empty.set(["a"], to: "1")
    #expect(string(empty) == "{\"a\": 1}")
  }

  @Test func aListKeepsItsLayout() throws {
    var edited = try config()
    try edited.set(["t", "k"], toList: ["\"b\"", "\"c\"", "\"d\""])
    #expect(string(edited) == Self.text.replacing("[ \"a\",  \"b\" ]", with: "[ \"b\",  \"c\",  \"d\" ]"))
  }

  @Test func aNewListIsLaidOutAsTheDocument() throws {
    var edited = try config("{\n  \"a\": 1\n}")
    try edited.set(["l"], toList: ["1", "2"])
    #expect(string(edited) == "{\n  \"a\": 1,\n  \"l\": [\n    1,\n    2\n  ]\n}")
  }

  @Test func aKeyIsRemovedWithItsComma() throws {
    for (key, rest) in [("a", "{\"b\": 2, \"c\": 3}"), ("b", "{\"a\": 1, \"c\": 3}"), ("c", "{\"a\": 1, \"b\": 2}")] {
      var edited = try config("{\"a\": 1, \"b\": 2, \"c\": 3}")
      try edited.remove([key])
      #expect(string(edited) == rest)
    }
    var single = try config("{\"a\": 1}")
    try single.remove(["a"])
    #expect(string(single) == "{}")
  }

  @Test func aPathThatLeadsNowhereIsRefusedByName() throws {
    var edited = try config()
    #expect(throws: CheckpointError.configKey(path: "config.json", key: "q.r", problem: "has no object to stand in")) {
      try edited.set(["q", "r"], to: "1")
    }
    #expect(string(edited) == Self.text)
  }

  @Test func pythonsInfinityAndNaNAreKept() throws {
    let text = #"{"limit": [0.0, Infinity, -Infinity, NaN], "word": "NaN \" Infinity", "n": 1}"#
    var edited = try config(text)
    try edited.set(["n"], to: "2")
    #expect(string(edited) == text.replacing("\"n\": 1", with: "\"n\": 2"))
    #expect(edited["word"]?.string == "NaN \" Infinity")
  }

  @Test func whatIsNoJSONIsRefusedWithTheByte() {
    #expect(throws: CheckpointError.invalidJSON(path: "config.json", problem: "this is no value", offset: 6)) {
      try config("{\"a\": }")
    }
  }
}
