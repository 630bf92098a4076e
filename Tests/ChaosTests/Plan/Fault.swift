import TestSupport

/// Something bad that happens once, with all that there is to choose about it.
enum Fault: Sendable, Equatable {
    /// An instance, at a place, by `kill -9`.
    case kill(place: Int, at: Step)
    case killAll(afterMs: Int)
    /// `SIGSTOP`, and `SIGCONT` when its leases have run out.
    case stall(place: Int, ms: Int)
    /// `SIGSTOP` when an answer of Redis is on its way: what it claims is read when it is no longer true.
    case freeze(place: Int, skip: Int, ms: Int)
    /// `SIGTERM`.
    case stop(place: Int)
    case killRedis(downMs: Int)
    case stallRedis(ms: Int)
    case sleepRedis(ms: Int)
    case flushScripts(times: Int)
    case killClients(times: Int)
    case fillRedis(ms: Int)
    /// It becomes a read-only replica whose primary is gone.
    case demoteRedis(ms: Int)
    /// Connections break within a request or an answer, one after the other.
    case cut([Cut])
    case refuse(place: Int, ms: Int)
    case hold(place: Int, FaultProxy.Direction, ms: Int)
    case slow(place: Int, eachMs: Int, ms: Int)
    case peer(Peer, Mood, ms: Int)

    struct Cut: Sendable, Equatable {
        var place: Int
        var direction: FaultProxy.Direction
        /// Parts that pass before.
        var skip: Int
        /// Of the part that do pass. 0 of an answer: the script ran and nobody hears of it.
        var bytes: Int
    }

    /// The messages between whose comings and goings an instance does something.
    enum Step: Sendable, Equatable {
        /// Whenever it is.
        case anytime(ms: Int)
        /// It has sent commands, and Redis does not get them.
        case request(skip: Int)
        /// Redis has carried them out, and the answer does not come.
        case answer(skip: Int)
        /// The gateway has got its request and not answered.
        case sending(skip: Int)
        /// The gateway has answered.
        case sent(skip: Int)
        /// The callback server has got its request and not answered.
        case delivering(skip: Int)
        case delivered(skip: Int)
    }

    enum Peer: String, Sendable, CaseIterable { case gateway, callbacks }

    /// How a peer answers.
    enum Mood: Sendable, Equatable {
        case well
        case refusing
        case slow(ms: Int)
        /// Says nothing, and keeps the connection.
        case hanging
        case garbage
        /// Answers 200 when the other side has given up.
        case late(ms: Int)
        case closing
        /// The beginning of an answer, then the end of the connection.
        case cutting
        /// The head of a 200, then a byte now and then.
        case dripping
        /// Every so many requests get this status.
        case failing(status: Int, every: Int)
    }
}

extension Fault {
    /// What belongs together in the summary.
    var name: String {
        switch self {
        case .kill(_, let step): "kill -9, \(step.name)"
        case .killAll: "kill -9 of all instances"
        case .stall: "SIGSTOP of an instance"
        case .freeze: "SIGSTOP, answer of a script on its way"
        case .stop: "SIGTERM of an instance"
        case .killRedis: "kill -9 of Redis"
        case .stallRedis: "SIGSTOP of Redis"
        case .sleepRedis: "DEBUG SLEEP"
        case .flushScripts: "SCRIPT FLUSH"
        case .killClients: "CLIENT KILL"
        case .fillRedis: "maxmemory reached"
        case .demoteRedis: "Redis is a replica"
        case .cut: "connections to Redis cut"
        case .refuse: "connections to Redis refused"
        case .hold(_, let direction, _): "\(direction)s to Redis held back".replacing("answers to", with: "answers of")
        case .slow: "connection to Redis slow"
        case .peer(let peer, let mood, _): "\(peer == .gateway ? "gateway" : "callback server") \(mood.name)"
        }
    }

    /// What it touches: two faults at a time do not touch the same.
    var target: String {
        switch self {
        case .kill, .killAll, .stall, .freeze, .stop: "instance"
        case .killRedis, .stallRedis, .sleepRedis, .flushScripts, .killClients, .fillRedis, .demoteRedis: "redis"
        case .cut, .refuse, .hold, .slow: "network"
        case .peer(let peer, _, _): peer.rawValue
        }
    }
}

extension Fault.Step {
    var name: String {
        switch self {
        case .anytime: "at any time"
        case .request: "command sent, not arrived"
        case .answer: "script run, answer not arrived"
        case .sending: "gateway asked, not answered"
        case .sent: "gateway has answered"
        case .delivering: "callback sent, not answered"
        case .delivered: "callback answered"
        }
    }
}

extension Fault.Mood {
    var name: String {
        switch self {
        case .well: "well"
        case .refusing: "refuses connections"
        case .slow: "slow"
        case .hanging: "hangs"
        case .garbage: "answers garbage"
        case .late: "answers too late"
        case .closing: "hangs up"
        case .cutting: "breaks off its answers"
        case .dripping: "drips"
        case .failing(let status, _): status == 429 ? "asks for patience" : "fails"
        }
    }
}
