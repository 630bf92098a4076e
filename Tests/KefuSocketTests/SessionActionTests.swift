import NIOCore
import Testing

@testable import KefuSocket

/// Actions on a connection that cannot hear, or is ending.
@Suite struct SessionActionTests {
    /// What is told, in order.
    private final class Told<Value> { var values: [Value] = [] }

    /// Reads nothing more while one event waits behind the batch.
    private static var narrow: SocketLimits {
        var limits = SocketLimits()
        limits.pendingEvents = 1
        return limits
    }

    private static func ask(_ id: String, of stage: SessionStage) -> Told<String> {
        let told = Told<String>()
        stage.session.ask(Array(id.utf8), id: id, within: .seconds(10), maySend: { true }) { outcome in
            switch outcome {
            case .answered: told.values.append("answered")
            case .timedOut: told.values.append("timed out")
            case .lost: told.values.append("lost")
            case .notSent: told.values.append("not sent")
            }
        }
        return told
    }

    private static func watch(_ stage: SessionStage) -> Told<Bool> {
        let told = Told<Bool>()
        stage.session.watch { told.values.append($0) }
        return told
    }

    @Test func `An answer that cannot be heard is not too late`() throws {
        let stage = try SessionStage(Self.narrow)
        let standing = Self.watch(stage)
        let outcome = Self.ask("a", of: stage)
        stage.loop.advanceTime(by: .seconds(9))
        try stage.hear("1", "2")
        stage.loop.advanceTime(by: .seconds(60))
        #expect(outcome.values == [])
        #expect(standing.values == [true, false])
        stage.answer()
        #expect(standing.values == [true, false, true])
        // It may stand behind much else.
        stage.loop.advanceTime(by: .seconds(9))
        try stage.hear("?a")
        #expect(outcome.values == ["answered"])
    }

    @Test func `Who is heard and says nothing is given up after its time, and after the longest deafness`() throws {
        let stage = try SessionStage(Self.narrow)
        let silent = Self.ask("a", of: stage)
        try stage.hear("1", "2")
        stage.loop.advanceTime(by: .seconds(60))
        stage.answer()
        stage.loop.advanceTime(by: .seconds(9))
        #expect(silent.values == [])
        stage.loop.advanceTime(by: .seconds(2))
        #expect(silent.values == ["timed out"])

        let deaf = Self.ask("b", of: stage)
        try stage.hear("3")
        stage.begin()
        try stage.hear("4")
        stage.loop.advanceTime(by: TimeAmount(stage.session.limits.longestDeafness))
        #expect(deaf.values == [])
        stage.loop.advanceTime(by: .seconds(11))
        #expect(deaf.values == ["timed out"])
    }

    @Test func `While nothing is heard nothing is asked, and afterwards it is`() throws {
        let stage = try SessionStage(Self.narrow)
        try stage.hear("1", "2")
        let (first, second) = (Self.ask("a", of: stage), Self.ask("b", of: stage))
        stage.session.forget("b")
        #expect(second.values == ["not sent"])
        #expect(try stage.written() == 0)
        stage.loop.advanceTime(by: .seconds(9))
        stage.answer()
        // The acknowledgement, and the action.
        #expect(try stage.written() == 2)
        // Its time begins when it leaves.
        stage.loop.advanceTime(by: .seconds(9))
        try stage.hear("?a")
        #expect(first.values == ["answered"])

        let third = Self.ask("c", of: stage)
        #expect(try stage.written() == 1)
        try stage.hear("3", "4", "5")
        let fourth = Self.ask("d", of: stage)
        stage.loop.advanceTime(by: .seconds(10))
        #expect(fourth.values == ["not sent"])
        #expect(third.values == [])
    }

    /// Like TLS, which says goodbye first.
    private final class SlowToClose: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {}
    }

    @Test func `What is given up asks for nothing more, though its channel is still there`() throws {
        let stage = try SessionStage(before: [SlowToClose()])
        let standing = Self.watch(stage)
        let asked = Self.ask("a", of: stage)
        #expect(try stage.written() == 1)
        stage.session.drop()
        #expect(stage.channel.isActive)
        #expect(standing.values == [true, false])
        #expect(asked.values == ["lost"])
        #expect(Self.ask("b", of: stage).values == ["not sent"])
        try stage.hear("1", "?a")
        stage.answer()
        #expect(try stage.written() == 0)
    }

    @Test func `A connection that ends is up no more, before its events are with the store`() throws {
        let stage = try SessionStage()
        let standing = Self.watch(stage)
        try stage.hear("1")
        stage.session.finish(.leaving)
        #expect(standing.values == [true, false])
        #expect(Self.ask("a", of: stage).values == ["not sent"])
    }

    @Test func `Whoever works on a batch sees that the connection has gone, and may give it up`() throws {
        let stage = try SessionStage()
        let standing = Self.watch(stage)
        try stage.hear("1")
        stage.begin()
        #expect(stage.intake.peer?.isThere == true)
        let ended = stage.session.ended(on: stage.loop)
        let isOver = Told<Bool>()
        ended.assumeIsolated().whenComplete { _ in isOver.values.append(true) }
        try stage.hear("2")
        try stage.channel.close().wait()
        #expect(standing.values == [true, false])
        #expect(stage.intake.peer?.isThere == false)
        #expect(isOver.values == [])
        stage.answer(false)
        #expect(isOver.values == [true])
    }

    @Test func `What the store does not take is given up when the time for the end is over`() throws {
        let stage = try SessionStage()
        try stage.hear("1")
        stage.begin()
        stage.session.finish(.leaving)
        #expect(stage.intake.peer?.isThere == true)
        stage.loop.advanceTime(by: TimeAmount(stage.session.limits.finishDeadline) + .seconds(2))
        #expect(stage.intake.peer?.isThere == false)
        #expect(!stage.channel.isActive)
    }
}
