// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "tokenizer-benchmark",
  dependencies: [.package(name: "elo-surgeon", path: "../..")],
  targets: [
    .executableTarget(
      name: "tokenizer-benchmark", dependencies: [.product(name: "Tokenizers", package: "elo-surgeon")])
  ],
  swiftLanguageModes: [.v6]
)
