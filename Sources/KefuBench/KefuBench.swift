import ArgumentParser

/// Measures a release build of `kefu serve` from outside: each workload starts a private Redis and a Kefu of its own,
/// loads them over HTTP, and plays the gateway and the receiver of callbacks.
@main
struct KefuBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures what Kefu costs, or compares two measurements.",
        subcommands: [Measure.self, Compare.self], defaultSubcommand: Measure.self)
}

/// One benchmark.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a Markdown table and writes the figures as JSON.",
        discussion: "Workloads: " + Workload.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".")

    @Option(help: "Only these workloads, separated by commas.")
    var only: String?

    @Option(help: "How long each loop is measured; 1 to 20.")
    var seconds: Int?

    @Option(name: .customLong("repeat"), help: "How often each workload is measured; 1 to 20.")
    var rounds: Int?

    @Flag(help: "One second, once, and nothing with a million tasks.")
    var quick = false

    @Option(help: "Where the figures go as JSON; default bench-results/<time>.json.")
    var json: String?

    @Option(help: "The JSON of an earlier run to compare with.")
    var base: String?

    @Option(help: "The kefu to measure.")
    var kefu = ".build/release/kefu"

    private static let usualSeconds = 3
    private static let usualRounds = 5

    func validate() throws {
        for (name, value) in [("--seconds", seconds), ("--repeat", rounds)] {
            guard (1...20).contains(value ?? 1) else { throw ValidationError("\(name) is 1 to 20") }
        }
        let known = Workload.all.map(\.name)
        for name in chosen ?? [] where !known.contains(name) {
            throw ValidationError("no workload \(name); there are \(known.joined(separator: ", "))")
        }
    }

    func run() throws {
        Interruption.listen()
        let earlier = try base.map { path throws(BenchError) in try Report.read(path) }
        var benchmark = Benchmark(
            kefu: kefu, seconds: seconds ?? (quick ? 1 : Self.usualSeconds),
            rounds: rounds ?? (quick ? 1 : Self.usualRounds),
            workloads: Workload.all.filter { chosen?.contains($0.name) ?? true }, isThorough: !quick, path: json)
        try benchmark.run()
        print(benchmark.report.markdown)
        if let earlier { print("\n" + Comparison(base: earlier, now: benchmark.report).markdown) }
        Progress.note("figures: \(benchmark.written)")
        guard benchmark.failures.isEmpty else {
            throw BenchError("not measured:\n" + benchmark.failures.joined(separator: "\n"))
        }
    }

    private var chosen: [String]? { only.map { $0.split(separator: ",").map(String.init) } }
}

/// Two benchmarks that were run before.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how the medians of two runs relate.")

    @Argument(help: "The JSON of the run that is compared with.")
    var base: String

    @Argument(help: "The JSON of the other run.")
    var with: String

    func run() throws {
        print(Comparison(base: try Report.read(base), now: try Report.read(with)).markdown)
    }
}
