/// One thing that disagrees with another.
package struct Finding: Sendable, Equatable {
    /// Which disagreement, for programs.
    package enum Kind: String, Sendable, CaseIterable {
        // Tasks.
        case impossible, queues, score, lease, unlisted, end, owner, stray, cancel, unarmed
        // What names a task.
        case noRecord = "no_record"
        case foreign
        case staleEntry = "stale_entry"
        case long
        // Callbacks.
        case noQueue = "no_queue"
        case twoQueues = "two_queues"
        case noContents = "no_contents"
        // Instances.
        case half, silent
        // Keys.
        case unknown, type, expires, endless
        case counts
        /// Redis refused to compare it.
        case unreadable
    }

    package enum Fate: String, Sendable {
        /// Seen; nothing was changed.
        case found
        case mended
        /// Was to be mended and was not: somebody has to decide.
        case left
    }

    /// `task T1`, `callback cb_…`, `instance …`, `key kefu:{0}:…`, `counts`.
    package var subject: String
    package var kind: Kind
    package var fate: Fate
    /// Whether ``Fate/mended`` is what a repair makes of it.
    package var isMendable: Bool
    /// What disagrees with what.
    package var detail: String
    /// What mends it; without ``isMendable`` what somebody can do.
    package var remedy: String

    /// Not a fault of what is stored: it passes by itself, or is not Kefu's.
    package var isWarning: Bool { [.unknown, .half, .silent].contains(kind) }
}

extension Finding {
    /// What `inspect` reports, in words.
    init(_ row: InspectedRow, _ subject: Inspection.Subject, prefix: String, isRepairing: Bool) {
        let (detail, remedy) = Self.words(row)
        kind = row.kind
        isMendable = row.isMendable
        fate = isRepairing ? (isMendable ? .mended : .left) : .found
        self.detail = detail
        self.remedy = remedy
        self.subject =
            switch subject {
            case .task, .member, .entry, .attempts: "task \(row.name)"
            case .callback, .outbox: "callback \(row.name)"
            case .instance: "instance \(row.name)"
            case .key: "key \(prefix)\(row.name)"
            }
    }

    private static func words(_ row: InspectedRow) -> (detail: String, remedy: String) {
        ofTask(row) ?? ofMember(row) ?? ofRest(row)
    }

    private static func ofTask(_ row: InspectedRow) -> (String, String)? {
        let (is_, should) = (row.is, row.should)
        switch row.kind {
        case .impossible:
            return (
                "its \(is_) is missing, or makes no sense with the rest",
                "look at it: HGETALL; issue what it stood for anew"
            )
        case .queues:
            return ("stands in \(is_.isEmpty ? "no queue" : is_), by its record in \(should)", "put it into \(should)")
        case .score: return ("stands in \(is_), by its record at \(should)", "moved it to \(should)")
        case .lease:
            return ("held by a lease until \(is_), longer than any lease", "shortened it to an hour, \(should)")
        case .unlisted: return ("is not in \(is_) at \(should), when it came", "put it there")
        case .end: return ("has ended, and its record does not say when", "wrote completed_at \(should)")
        case .owner:
            return ("runs, and nobody holds it", "wrote owner \(should): when its lease has run out, another goes on")
        case .stray: return ("has \(is_), which no task that is \(should) has", "took \(is_) away")
        case .cancel where should.isEmpty: return ("waits for its trigger with its cancel asked for", "cancel it again")
        case .cancel: return ("is ready to be sent, and its cancel was asked for", "put it where the cancel ends it")
        case .unarmed:
            return (
                "waits for its trigger, and the index does not have it" + (is_.isEmpty ? "" : " under \(is_)"),
                "armed it anew, as its record says; events that came meanwhile have not fired it"
            )
        default: return nil
        }
    }

    private static func ofMember(_ row: InspectedRow) -> (String, String)? {
        switch row.kind {
        case .noRecord: ("stands in \(row.is), and there is no record of it", "took it out of \(row.is)")
        case .foreign: ("stands in \(row.is), and is customer \(row.should)'s", "took it out of \(row.is)")
        case .staleEntry:
            ("stands in \(row.is) and does not wait there: it is \(row.should)", "took it out of \(row.is)")
        case .long: ("has more than \(row.should) on its list of \(row.is)", "kept the last \(row.should)")
        case .noQueue: ("has contents and stands in no queue", "put it into \(row.should): it is delivered now")
        case .twoQueues: ("stands in callbacks and in \(row.is)", "took it out of \(row.is)")
        case .noContents: ("stands in \(row.is) without contents", "took it out of \(row.is)")
        default: nil
        }
    }

    private static func ofRest(_ row: InspectedRow) -> (String, String) {
        switch row.kind {
        case .half: ("is only \(row.is)", "took it off the list: if it lives it comes back with its next heartbeat")
        case .silent:
            (
                "was last heard of \((Int(row.is) ?? 0) / 1000) s ago",
                "took it off the list: if it lives it comes back with its next heartbeat"
            )
        case .type:
            ("is a \(row.is), not a \(row.should)", "not written by Kefu: look at it, rename it, then look again")
        case .expires: ("would be gone in \(row.is) s", "took its time to live away")
        case .endless: ("is never going to be removed", "gave it \(row.should) s to live")
        default: ("cannot be compared: \(row.is)", "look at its keys")
        }
    }
}
