import Foundation
import KefuAdapter

/// Reads the file of `KEFU_ADAPTER`.
extension SettingsReader {
    /// - Throws: for the first flaw; the others are counted.
    func adapter() throws(SettingError) -> Adapter? {
        guard let path = try file(.adapter) else { return nil }
        // It can be read; a folder cannot.
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw wrong(.adapter, "must be the path of a file that this user may read")
        }
        do throws(Adapter.Flaws) {
            return try Adapter(Array(bytes), lookUp: source.variable)
        } catch {
            let first = error.list.first?.description ?? "is wrong"
            // A variable that is missing in several places is one thing to put right.
            let isUnset = { (flaw: AdapterFlaw) in flaw.detail.hasSuffix(" in the environment") }
            let more = Set(error.list.map { isUnset($0) ? $0.detail : $0.description }).count - 1
            let rest = more > 0 ? " (and \(more) more: kefu adapter check \(path))" : ""
            throw wrong(.adapter, "\(Table.escaped(first))\(rest)")
        }
    }
}
