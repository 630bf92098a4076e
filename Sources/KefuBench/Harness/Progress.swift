import Foundation

/// What the person at the terminal sees while the benchmark works.
enum Progress {
    static func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
