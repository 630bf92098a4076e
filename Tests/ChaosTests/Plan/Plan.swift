import TestSupport

/// What happens in a run, in which order: all of it follows from the seed. When exactly, and beside what, is the
/// machine's to say.
struct Plan: Sendable {
    /// Faults that begin together.
    typealias Round = [Fault]

    /// A chapter has a Redis of its own and ends with a check of all that happened in it.
    struct Chapter: Sendable {
        var seed: UInt64
        var rounds: [Round]
    }

    static let roundsPerChapter = 40
    /// How many instances run side by side.
    static let places = 3

    let seed: UInt64
    private(set) var chapters: [Chapter] = []

    init(seed: UInt64, rounds: Int) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        var deck: [Fault] = []
        for start in stride(from: 0, to: rounds, by: Self.roundsPerChapter) {
            let count = min(Self.roundsPerChapter, rounds - start)
            let seed = random.next()
            chapters.append(
                Chapter(seed: seed, rounds: (0..<count).map { Self.round($0, &deck, using: &random) }))
        }
    }

    /// One fault; every second time another one beside it, which touches something else.
    private static func round(_ number: Int, _ deck: inout [Fault], using random: inout SeededGenerator) -> Round {
        if deck.isEmpty { deck = Self.deck(using: &random).shuffled(using: &random) }
        guard let first = deck.popLast() else { return [] }
        guard number % 2 == 1,
            let other = deck.lastIndex(where: { $0.target != first.target })
        else { return [first] }
        return [first, deck.remove(at: other)]
    }

    /// Every kind of fault once. No kind comes twice before all have come.
    private static func deck(using random: inout SeededGenerator) -> [Fault] {
        func ms(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func place() -> Int { Int.random(in: 0..<places, using: &random) }
        func skip() -> Int { Int.random(in: 0...12, using: &random) }
        let steps: [Fault.Step] = [
            .anytime(ms: ms(0...400)), .anytime(ms: ms(0...400)), .request(skip: skip()), .answer(skip: skip()),
            .sending(skip: skip()), .sent(skip: skip()), .delivering(skip: skip()), .delivered(skip: skip()),
        ]
        let kills = steps.map { Fault.kill(place: place(), at: $0) }
        let instances: [Fault] = [
            .killAll(afterMs: ms(0...300)), .stall(place: place(), ms: ms(1200...3500)), .stop(place: place()),
            .freeze(place: place(), skip: skip(), ms: ms(1200...3500)),
            .freeze(place: place(), skip: skip(), ms: ms(1200...3500)),
        ]
        let redis: [Fault] = [
            .killRedis(downMs: ms(0...800)), .killRedis(downMs: 0), .stallRedis(ms: ms(100...3000)),
            .sleepRedis(ms: ms(200...2600)), .flushScripts(times: ms(3...10)), .killClients(times: ms(2...6)),
            .fillRedis(ms: ms(300...1500)), .demoteRedis(ms: ms(300...1500)),
        ]
        let cuts = [FaultProxy.Direction.request, .answer, .answer].map { direction in
            Fault.cut(
                (0..<8).map { _ in
                    Fault.Cut(place: place(), direction: direction, skip: ms(0...30), bytes: ms(0...3) * ms(0...60))
                })
        }
        let network: [Fault] = [
            .refuse(place: place(), ms: ms(200...1500)), .hold(place: place(), .request, ms: ms(300...2500)),
            // Longer than a lease, and shorter than an instance waits: it reads of claims that are no longer its own.
            .hold(place: place(), .answer, ms: ms(300...2500)), .hold(place: place(), .answer, ms: ms(1300...1950)),
            .hold(place: place(), .answer, ms: ms(1500...1950)), .slow(place: place(), eachMs: ms(20...150), ms: 1500),
        ]
        let moods: [Fault.Mood] = [
            .refusing, .slow(ms: ms(100...700)), .hanging, .garbage, .late(ms: ms(1050...1500)), .closing, .dripping,
            .cutting,
            .failing(status: [408, 500, 503].randomElement(using: &random) ?? 503, every: ms(1...3)),
            .failing(status: 429, every: ms(1...3)),
        ]
        let gateway = moods.map { Fault.peer(.gateway, $0, ms: ms(300...1500)) }
        // A delivery may take five seconds: what is too late for an action is not for a callback.
        let slower = moods.filter { $0.name != Fault.Mood.late(ms: 0).name } + [.late(ms: ms(5100...5500))]
        let callbacks = slower.map { Fault.peer(.callbacks, $0, ms: ms(200...800)) }
        return kills + instances + redis + cuts + network + gateway + callbacks
    }
}
