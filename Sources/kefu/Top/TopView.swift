/// A picture of ``TopState`` for a terminal of any size: no line is wider and there are no more of them.
struct TopView {
    let state: TopState
    let size: Terminal.Size
    var paint = Paint(isOn: false)
    /// RFC 3339 in the server's zone or this machine's; shown as it is.
    var clock = ""

    private static let priorities = ["urgent", "high", "normal"]
    private static let levels = Array("▁▂▃▄▅▆▇█")
    /// Below so many rows the footer goes.
    private static let leastForFooter = 4

    /// From top to bottom, without line ends.
    var lines: [String] {
        let instances = self.instances
        let fixed = [title] + overview + rates + spark
        let footer = size.rows >= Self.leastForFooter ? [StyledLine(("q  退出 quit", .dim))] : []
        let room = max(0, size.rows - footer.count)
        // What is left below is shared: half for the instances, unless they need less.
        let rest = max(0, room - fixed.count - 4)
        let shownInstances = Array(instances.prefix(max(1, rest / 2)))
        let failures = self.failures.prefix(max(0, rest - shownInstances.count))
        var all = fixed + [StyledLine(), heading(instanceTitles)] + shownInstances
        all += [StyledLine(), heading("最近失败 LATEST FAILURES")] + failures
        all = Array(all.prefix(room))
        all += Array(repeating: StyledLine(), count: max(0, room - all.count))
        return (all + footer).map { $0.text(within: size.columns, paint) }
    }

    /// Everything, as long as it gets: for where nothing is redrawn.
    var snapshot: [String] {
        let all =
            [title] + overview + rates + spark + [StyledLine(), heading(instanceTitles)] + instances
            + [StyledLine(), heading("最近失败 LATEST FAILURES")] + failures.prefix(20)
        return all.map { $0.text(within: size.columns, paint) }
    }

    private var title: StyledLine {
        let connection: (String, Paint.Color?) =
            switch state.connection {
            case .connecting: ("○ 连接中 connecting", .yellow)
            case .live: ("● 实时 live", .green)
            case .lost(let reason): ("✗ 连接中断 lost: \(Table.shown(reason))", .red)
            }
        return StyledLine(
            ("Kefu 任务调度  ", .bold), (connection.0, connection.1), ("  \(clock)  \(Table.shown(state.server))", .dim))
    }

    private func heading(_ text: String) -> StyledLine { StyledLine((text, .bold)) }

    // MARK: - Queues

    private var overview: [StyledLine] {
        let (stats, queues) = (state.stats, state.stats["queues"])
        var tasks = StyledLine(("任务 TASKS    ", .bold))
        for status in Words.statuses {
            let count = stats["by_status"][status]
            tasks.append("\(status) ", nil)
            tasks.append("\(count.text)  ", (count.integer ?? 0) > 0 ? Paint.color(of: status) : .dim)
        }
        var unfinished = StyledLine(("未完 OPEN     ", .bold))
        var ready = StyledLine(("待执行 READY  ", .bold))
        for priority in Self.priorities {
            unfinished.append("\(priority) ", nil)
            unfinished.append(Self.padded(stats["by_priority"][priority].text, 8), Paint.color(of: priority))
            ready.append("\(priority) ", nil)
            ready.append(Self.padded(queues["ready"][priority].text, 8), Paint.color(of: priority))
        }
        let oldest = stats["oldest_ready_ms"].integer
        ready.append("最久 oldest ", nil)
        ready.append(oldest.map(Self.duration) ?? "–", (oldest ?? 0) >= 1000 ? .red : nil)
        var others = StyledLine(("队列 QUEUES   ", .bold))
        for name in ["armed", "scheduled", "retrying", "running", "callbacks"] {
            others.append("\(name) \(queues[name].text)  ", nil)
        }
        let dead = queues["callbacks_dead"]
        others.append("dead \(dead.text)", (dead.integer ?? 0) > 0 ? .red : nil)
        return [StyledLine(), tasks, unfinished, ready, others]
    }

    // MARK: - Rates

    private static let counters = [
        ("received", "received"), ("events", "events"), ("matched", "matched"), ("completed", "completed"),
        ("failed", "failed"), ("cancelled", "cancelled"), ("callbacks", "callbacks_delivered"),
    ]

    private var rates: [StyledLine] {
        var titles = Self.padded("", 10)
        var rows = [("1 分 MIN", state.stats["last_minute"]), ("1 时 HOUR", state.stats["last_hour"])].map {
            (line: StyledLine((Self.padded($0.0, 10), .bold)), counts: $0.1)
        }
        for (title, name) in Self.counters {
            titles += Self.padded(title, 10, toRight: true)
            for row in rows.indices {
                let count = rows[row].counts[name]
                let isBad = name == "failed" && (count.integer ?? 0) > 0
                rows[row].line.append(Self.padded(count.text, 10, toRight: true), isBad ? .red : nil)
            }
        }
        return [StyledLine(), StyledLine((titles, .dim))] + rows.map(\.line)
    }

    private var spark: [StyledLine] {
        guard !state.minutes.isEmpty else { return [] }
        let charts = [("完成 done", "completed", Paint.Color.green), ("失败 failed", "failed", .red)]
        return charts.map { title, name, color in
            let counts = state.minutes.map { $0[name].integer ?? 0 }
            let most = counts.max() ?? 0
            let width = max(1, min(counts.count, size.columns - 30))
            var line = StyledLine((Self.padded(title, 13), .bold))
            line.append(Self.sparkline(counts, width: width), most > 0 ? color : .dim)
            line.append("  ≤ \(most)/min", .dim)
            return line
        }
    }

    /// The counts as one bar each; of those that have to share one, the largest shows. Nothing is a space less than
    /// little.
    static func sparkline(_ counts: [Int64], width: Int) -> String {
        guard let most = counts.max(), width > 0 else { return "" }
        return String(
            (0..<min(width, counts.count)).map { bar -> Character in
                let (from, to) = (bar * counts.count / width, max((bar + 1) * counts.count / width, 1))
                let largest = width >= counts.count ? counts[bar] : counts[from..<max(to, from + 1)].max() ?? 0
                guard largest > 0, most > 0 else { return " " }
                return levels[Int((largest * Int64(levels.count) - 1) / most)]
            })
    }

    // MARK: - Instances and failures

    private var instanceTitles: String {
        Self.padded("实例 INSTANCE", 32) + Self.padded("RUNNING", 9) + Self.padded("心跳 LAST SEEN", 20) + "VERSION"
    }

    private var instances: [StyledLine] {
        let all = state.stats["instances"].elements
        guard !all.isEmpty else { return [StyledLine(("–", .dim))] }
        return all.map { instance in
            StyledLine(
                (Self.padded(Table.shown(instance["id"].text, widest: 30), 32), nil),
                (Self.padded(instance["running"].text, 9), nil),
                (Self.padded(ChangeText.shortTime(instance["last_seen"].text), 20), nil),
                (Table.shown(instance["version"].text), nil))
        }
    }

    private var failures: [StyledLine] {
        state.failures.map { failure in
            StyledLine(
                (Self.padded(ChangeText.shortTime(failure.at), 20), .dim),
                (Self.padded(Table.shown(failure.taskID, widest: 26), 28), nil),
                (Self.padded(Table.shown(failure.customerID, widest: 14), 16), nil),
                (Table.shown(failure.cause), .red))
        }
    }

    static func padded(_ text: String, _ width: Int, toRight: Bool = false) -> String {
        let gap = String(repeating: " ", count: max(0, width - TextWidth.of(text)))
        return toRight ? gap + text : text + gap
    }

    static func duration(_ ms: Int64) -> String {
        switch ms {
        case ..<1000: "\(ms) ms"
        case ..<60_000: "\(ms / 1000).\(ms % 1000 / 100) s"
        case ..<3_600_000: "\(ms / 60_000) min"
        default: "\(ms / 3_600_000) h"
        }
    }
}

/// Text in several colours that can be cut to a terminal's width.
struct StyledLine {
    private var parts: [(text: String, color: Paint.Color?)]

    init(_ parts: (String, Paint.Color?)...) { self.parts = parts }

    mutating func append(_ text: String, _ color: Paint.Color?) { parts.append((text, color)) }

    func text(within width: Int, _ paint: Paint) -> String {
        var left = width
        var line = ""
        for part in parts {
            var fitting = ""
            for character in part.text {
                let columns = TextWidth.of(character)
                guard columns <= left else {
                    left = 0
                    break
                }
                fitting.append(character)
                left -= columns
            }
            line += paint(fitting, part.color)
            if left == 0 { break }
        }
        return line
    }
}
