// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "elo-surgeon", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "step-benchmark",
      dependencies: [
        .product(name: "Checkpoints", package: "elo-surgeon"),
        .product(name: "Decoders", package: "elo-surgeon"),
        .product(name: "ELOTrain", package: "elo-surgeon"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
