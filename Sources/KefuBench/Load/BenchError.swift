import Glibc

/// Why a workload could not be measured. One line, for the person at the terminal.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A failed call to the system, with the reason that `errno` gives.
    static func system(_ call: String) -> BenchError {
        BenchError("\(call): \(String(cString: strerror(errno)))")
    }
}
