import Foundation

/// The folder in which a stage's processes keep their files.
struct StageFolder {
    private let url: URL

    var path: String { url.path }

    init() throws(BenchError) {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("kefu-bench-\(getpid())")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw BenchError("cannot create \(url.path): \(error.localizedDescription)")
        }
    }

    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    func remove() {
        try? FileManager.default.removeItem(at: url)  // a leftover in the temporary folder harms nobody
    }
}
