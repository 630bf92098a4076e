import Foundation

/// Gives a reader one hostile input after the other. `KEFU_FUZZ_INPUTS` says how many (a short run by default),
/// `KEFU_FUZZ_SEED` which; each input has a seed of its own, so `KEFU_FUZZ_FIRST` repeats a single one.
///
/// `Tests/Corpus/<name>.txt` holds what is always tried first and mutated from then on: good inputs, those that once
/// found something, and those that reached new branches. One input a line, bytes outside of visible ASCII as `\xNN`.
package struct FuzzRun {
    /// An input that broke a rule.
    package struct Finding: Equatable, CustomStringConvertible {
        package var description: String
    }

    /// Of one test in `make test`; `make fuzz` runs a million.
    private static let usualInputs = 4000
    /// A run that has found so much stops.
    private static let mostFindings = 5

    private let name: String
    private let mutation: Mutation
    private let corpus: [[UInt8]]
    private let seed: UInt64
    private let first: Int
    private let inputs: Int

    /// - Parameters:
    ///   - name: of the file in `Tests/Corpus`.
    ///   - seeds: good inputs beside those of the file.
    ///   - share: of the inputs of a short run, for readers that take longer.
    package init(_ name: String, _ mutation: Mutation, seeds: [[UInt8]] = [], share: Double = 1) throws {
        let environment = ProcessInfo.processInfo.environment
        self.name = name
        self.mutation = mutation
        corpus = seeds + (try Self.load(name))
        seed = environment["KEFU_FUZZ_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
        first = environment["KEFU_FUZZ_FIRST"].flatMap { Int($0) } ?? 0
        let usual = Int(Double(Self.usualInputs) * share)
        inputs = environment["KEFU_FUZZ_INPUTS"].flatMap { Int($0) } ?? usual
    }

    /// - Parameter check: says which rule the input breaks; nil when it breaks none.
    /// - Returns: what was found, at most a few, each with what makes it again.
    package func run(_ check: ([UInt8], inout SeededGenerator) -> String?) -> [Finding] {
        var findings: [Finding] = []
        for number in first..<(first + inputs) {
            var random = SeededGenerator(seed: seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95)
            let input = number < corpus.count ? corpus[number] : mutation.make(of: corpus, using: &random)
            guard let broken = check(input, &random) else { continue }
            findings.append(
                Finding(
                    description: "\(broken)\n  KEFU_FUZZ_SEED=\(seed) KEFU_FUZZ_FIRST=\(number) KEFU_FUZZ_INPUTS=1 "
                        + "(\(name))\n  \(Self.text(of: input))"))
            if findings.count == Self.mostFindings { break }
        }
        return findings
    }

    private static func load(_ name: String) throws -> [[UInt8]] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = tests.appending(path: "Corpus/\(name).txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { bytes(of: String($0)) }
    }

    /// The input as a line of a corpus.
    package static func text(of bytes: [UInt8]) -> String {
        bytes.map { byte in
            (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(UnicodeScalar(byte)) : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    private static func bytes(of line: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(line.utf8)[...]
        while let byte = rest.popFirst() {
            let isEscape = byte == UInt8(ascii: "\\") && rest.first == UInt8(ascii: "x")
            if isEscape, let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
