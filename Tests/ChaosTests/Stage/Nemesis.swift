import Foundation
import Glibc
import Synchronization
import TestSupport

/// Does to a stage what a plan says. Each fault is over when ``perform(_:isAlone:)`` returns.
struct Nemesis: Sendable {
    let stage: Stage

    func perform(_ fault: Fault, isAlone: Bool) async throws {
        switch fault {
        case .kill(let place, let step): try await kill(at: place, step, isAlone: isAlone)
        case .killAll(let after): try await killAll(afterMs: after)
        case .stall(let place, let time):
            guard let member = stage.fleet.member(at: place) else { return }
            member.instance.child.signal(SIGSTOP)
            try await lasting(.milliseconds(time))
            member.instance.child.signal(SIGCONT)
        case .freeze(let place, let skip, let time):
            guard let child = stage.fleet.member(at: place)?.instance.child else { return }
            let trap = stage.ways[place].set(.init(.answer, skip: skip, bytes: nil) { child.signal(SIGSTOP) })
            try await lasting(.milliseconds(time))
            stage.ways[place].remove(trap)
            child.signal(SIGCONT)
        case .stop(let place):
            guard let member = stage.fleet.member(at: place) else { return }
            member.instance.child.signal(SIGTERM)
            let status = try await member.instance.child.end()
            if status != 0 { stage.recorder.odd("\(member.name) ended with status \(status) after SIGTERM") }
            try await stage.fleet.start(at: place)
        case .killRedis, .stallRedis, .sleepRedis, .flushScripts, .killClients, .fillRedis, .demoteRedis:
            try await harmRedis(fault)
        case .cut(let cuts): try await cut(cuts)
        case .refuse(let place, let time): try await weather(.refusing, at: place, time)
        case .hold(let place, let direction, let time): try await weather(.holding(direction), at: place, time)
        case .slow(let place, let each, let time):
            try await weather(.slow(.milliseconds(Int64(each))), at: place, time)
        case .peer(let peer, let mood, let time):
            let server = peer == .gateway ? stage.gateway : stage.receiver
            server.setMood(mood)
            try await lasting(.milliseconds(time))
            server.setMood(.well)
        }
    }

    // MARK: Instances

    private func kill(at place: Int, _ step: Fault.Step, isAlone: Bool) async throws {
        guard let member = stage.fleet.member(at: place) else { return }
        let blow = Blow(member.instance.child)
        switch step {
        case .anytime(let after): try await lasting(.milliseconds(after))
        case .request(let skip): stage.ways[place].set(.init(.request, skip: skip) { blow.strike() })
        case .answer(let skip): stage.ways[place].set(.init(.answer, skip: skip) { blow.strike() })
        case .sending(let skip), .sent(let skip):
            stage.gateway.set(trap(for: member, step, skip, blow))
        case .delivering(let skip), .delivered(let skip):
            stage.receiver.set(trap(for: member, step, skip, blow))
        }
        // The moment comes soon on a busy system; should it not, now is as good as any.
        if case .anytime = step {
        } else {
            _ = try? await eventually(within: .seconds(3)) { blow.at != nil }
        }
        blow.strike()
        try await member.instance.child.end()
        let held = await stage.held(by: member.id)
        let death = Death(instance: member.name, at: blow.at ?? 0, isAlone: isAlone, held: held)
        stage.recorder.record { $0.deaths.append(death) }
        for peer in [stage.gateway, stage.receiver] { peer.set(nil) }
        try await stage.fleet.start(at: place)
    }

    private func trap(
        for member: Fleet.Member, _ step: Fault.Step, _ skip: Int, _ blow: Blow
    ) -> PeerServer.Trap {
        let answersFirst =
            switch step {
            case .sent, .delivered: true
            default: false
            }
        return .init(instance: member.name, skip: skip, answersFirst: answersFirst) { blow.strike() }
    }

    private func killAll(afterMs: Int) async throws {
        try await lasting(.milliseconds(afterMs))
        let members = (0..<Plan.places).compactMap { stage.fleet.member(at: $0) }
        let blows = members.map { Blow($0.instance.child) }
        for blow in blows { blow.strike() }
        for (member, blow) in zip(members, blows) {
            try await member.instance.child.end()
            let held = await stage.held(by: member.id)
            let death = Death(instance: member.name, at: blow.at ?? 0, isAlone: false, held: held)
            stage.recorder.record { $0.deaths.append(death) }
        }
        for place in 0..<Plan.places { try await stage.fleet.start(at: place) }
    }

    // MARK: Redis

    private func harmRedis(_ fault: Fault) async throws {
        switch fault {
        case .killRedis(let down):
            try await stage.redis.kill()
            try await lasting(.milliseconds(down))
            try await stage.redis.start()
        case .stallRedis(let time):
            await stage.redis.pause()
            try await lasting(.milliseconds(time))
            await stage.redis.resume()
        case .sleepRedis(let time):
            // Its answer comes when it wakes, which may be too late for its sender.
            _ = try? await stage.redis.answer("DEBUG", "SLEEP", "\(Double(time) / 1000)")
            try await lasting(.milliseconds(100))
        case .flushScripts(let times):
            for _ in 0..<times {
                try await stage.insist("SCRIPT", "FLUSH")
                try await lasting(.milliseconds(100))
            }
        case .killClients(let times):
            for _ in 0..<times {
                try await stage.insist("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                try await lasting(.milliseconds(200))
            }
        case .fillRedis(let time):
            try await stage.insist("CONFIG", "SET", "maxmemory", "1")
            try await lasting(.milliseconds(time))
            try await stage.insist("CONFIG", "SET", "maxmemory", "0")
        case .demoteRedis(let time):
            try await stage.insist("REPLICAOF", "127.0.0.1", "1")
            try await lasting(.milliseconds(time))
            try await stage.insist("REPLICAOF", "NO", "ONE")
        default: break
        }
    }

    // MARK: The network

    private func cut(_ cuts: [Fault.Cut]) async throws {
        var traps: [(way: FaultProxy, trap: Int)] = []
        for cut in cuts {
            let way = stage.ways[cut.place]
            traps.append((way, way.set(.init(cut.direction, skip: cut.skip, bytes: cut.bytes))))
        }
        try await lasting(.milliseconds(1500))
        for (way, trap) in traps { way.remove(trap) }
    }

    private func weather(_ weather: FaultProxy.Weather, at place: Int, _ time: Int) async throws {
        stage.ways[place].setWeather(weather)
        try await lasting(.milliseconds(time))
        stage.ways[place].setWeather(.clear)
    }
}

/// A `kill -9` that may be struck from anywhere, and when it was.
private final class Blow: Sendable {
    private let child: Child
    private let moment = Mutex<Int64?>(nil)

    init(_ child: Child) { self.child = child }

    /// ms; nil before.
    var at: Int64? { moment.withLock { $0 } }

    func strike() {
        let isFirst = moment.withLock { moment in
            guard moment == nil else { return false }
            moment = Int64(Date().timeIntervalSince1970 * 1000)
            return true
        }
        if isFirst { child.signal(SIGKILL) }
    }
}
