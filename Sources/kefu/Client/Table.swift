/// Columns of text that line up in a terminal. What comes from the server is foreign: it is shown on one line,
/// without control characters.
struct Table {
    /// A cell is cut after so many columns of the terminal.
    static let widestCell = 48

    private let titles: [String]
    private var rows: [[String]] = []

    init(_ titles: String...) { self.titles = titles }

    mutating func add(_ cells: [String]) {
        rows.append(cells.map { Self.shown($0) })
    }

    /// One line a row, the titles first, each with its end; columns are two spaces apart.
    var text: String { text(within: nil) }

    /// The same for a terminal.
    ///
    /// - Parameters:
    ///   - width: in columns of the terminal; nil: as wide as it gets.
    ///   - expendable: titles of the columns that go, in this order, until the lines fit; then lines are cut.
    func text(within width: Int?, expendable: [String] = [], paint: Paint = Paint(isOn: false)) -> String {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { TextWidth.of($0[column]) }.max() ?? 0 }
        let shown = columns(within: width ?? .max, widths, expendable)
        return all.enumerated().map { number, row in
            var line = ""
            var left = width ?? .max
            for column in shown where left > 0 {
                let cell = TextWidth.of(row[column]) > left ? Self.shown(row[column], widest: left) : row[column]
                line += paint(cell, number == 0 ? .bold : Paint.color(of: cell))
                left -= TextWidth.of(cell)
                if column == shown.last { break }
                let gap = min(widths[column] - TextWidth.of(cell) + 2, left)
                line += String(repeating: " ", count: gap)
                left -= gap
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private func columns(within width: Int, _ widths: [Int], _ expendable: [String]) -> [Int] {
        var shown = Array(titles.indices)
        for title in expendable where shown.reduce(-2, { $0 + widths[$1] + 2 }) > width {
            shown.removeAll { titles[$0] == title }
        }
        return shown
    }

    /// A cell's text, escaped and cut.
    static func shown(_ cell: String, widest: Int = widestCell) -> String {
        let plain = escaped(cell)
        guard TextWidth.of(plain) > widest else { return plain }
        var cut = ""
        var width = 1
        for character in plain {
            width += TextWidth.of(character)
            if width > widest { break }
            cut.append(character)
        }
        return cut + "…"
    }

    /// Foreign text on one line.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        LogText.append(text, to: &bytes, limit: .max, quoted: false)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Name and value, a line each, the values below each other; a value is shown whole.
    static func fields(_ fields: [(name: String, value: String)]) -> String {
        let width = fields.map { TextWidth.of($0.name) }.max() ?? 0
        return fields.map { field in
            let gap = String(repeating: " ", count: width - TextWidth.of(field.name) + 2)
            return "\(field.name)\(gap)\(escaped(field.value))\n"
        }.joined()
    }
}
