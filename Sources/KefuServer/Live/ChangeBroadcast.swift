import KefuCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Tells every change of a task's state to all who listen to this instance. While somebody does, one task reads what
/// comes, one makes the statistics, one the signs of life; while nobody does, nothing runs and Redis is not asked.
///
/// A listener first reads by itself what it has missed, then joins; see ``serve(_:from:to:)``.
package final class ChangeBroadcast: Service {
    private struct Member {
        var listener: StreamListener
        /// What it has been told already.
        var told: ChangeID
    }

    private struct State {
        /// Those who have joined.
        var members: [ObjectIdentifier: Member] = [:]
        /// Those, and whoever is still catching up.
        var listeners = 0
        /// What has been told to all members; nil until their reader begins.
        var position: ChangeID?
        /// Counts readers, so that one that is ending tells nothing to the members of the next.
        var reader = 0
    }

    let feed: any ChangeFeed
    let times: TimeZoneRules
    let limits: StreamLimits
    let logger: Logger
    private let store: any TaskStore
    private let queued: QueuedBytes
    private let state = Mutex(State())
    /// Something to look at: the first member has come, the last has gone.
    private let stirs: AsyncStream<Void>
    private let stir: AsyncStream<Void>.Continuation

    package init(
        feed: any ChangeFeed, store: any TaskStore, times: TimeZoneRules, limits: StreamLimits = StreamLimits(),
        logger: Logger
    ) {
        self.feed = feed
        self.store = store
        self.times = times
        self.limits = limits
        self.logger = logger
        queued = QueuedBytes(most: limits.queuedBytesOfAll)
        (stirs, stir) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Who listens now.
    package var listeners: Int { state.withLock(\.listeners) }

    /// Bytes that wait for listeners.
    package var queuedBytes: Int { queued.now }

    /// Listeners since the start who were slower than what came.
    package var dropped: Int { queued.dropped.load(ordering: .relaxed) }

    package func run() async throws {
        // It ends with the shutdown, behind the front: until then listeners are told of it.
        await cancelWhenGracefulShutdown {
            var stirs = self.stirs.makeAsyncIterator()
            while await stirs.next() != nil {
                guard self.isListenedTo else { continue }
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.read() }
                    group.addTask { await self.tellStats() }
                    group.addTask { await self.beat() }
                    while self.isListenedTo, await stirs.next() != nil {}
                    group.cancelAll()
                }
            }
        }
    }

    private var isListenedTo: Bool { state.withLock { !$0.members.isEmpty } }

    // MARK: Listeners

    /// Takes a place, which must be given back with ``leave(_:)``; nil when there is none.
    func enter(wantsStats: Bool) -> StreamListener? {
        let hasRoom = state.withLock { state in
            guard state.listeners < limits.listeners else { return false }
            state.listeners += 1
            return true
        }
        guard hasRoom else { return nil }
        return StreamListener(wantsStats: wantsStats, most: limits.queuedBytes, total: queued)
    }

    /// From now on the listener is told what comes.
    ///
    /// - Parameter told: what it knows already.
    /// - Returns: false when the others have been told more: it has to read that first.
    func join(_ listener: StreamListener, told: ChangeID) -> Bool {
        let hasJoined = state.withLock { state in
            if let position = state.position, position > told { return false }
            state.members[ObjectIdentifier(listener)] = Member(listener: listener, told: told)
            return true
        }
        if hasJoined { stir.yield() }
        return hasJoined
    }

    func leave(_ listener: StreamListener) {
        state.withLock { state in
            state.listeners -= 1
            state.members[ObjectIdentifier(listener)] = nil
            if state.members.isEmpty {
                state.position = nil
                state.reader += 1
            }
        }
        listener.end(.gone)
        stir.yield()
    }

    // MARK: The reader

    private func read() async {
        let begin = state.withLock { state -> (position: ChangeID, reader: Int)? in
            guard let first = state.members.values.map(\.told).min() else { return nil }
            state.position = first
            return (first, state.reader)
        }
        guard var position = begin?.position, let reader = begin?.reader else { return }
        let follower = feed.follow()
        await withTaskCancellationHandler {
            var isWarned = false
            while !Task.isCancelled {
                do throws(StoreError) {
                    position = try await catchUp(from: position, reader)
                    isWarned = false
                    position = try await follow(follower, from: position, reader)
                } catch {
                    guard !Task.isCancelled else { break }
                    if !isWarned { logger.warning("变更流读取失败，正在重试", metadata: ["error": "\(error)"]) }
                    isWarned = true
                    await pause(limits.retryPause)
                }
            }
        } onCancel: {
            follower.close()
        }
        follower.close()
    }

    /// Tells what is there already, and whether something is missing.
    private func catchUp(from start: ChangeID, _ reader: Int) async throws(StoreError) -> ChangeID {
        var position = start
        while !Task.isCancelled {
            let page = try await feed.changes(after: position, limit: limits.page)
            if let gap = StreamGap.between(position, page) {
                position = page.newest ?? .zero
                tellAll(StreamEvent.gap(gap, asked: nil, newest: position), at: position, reader)
                logger.warning("变更流有缺口", metadata: ["cause": "\(gap.rawValue)"])
                continue
            }
            position = tell(page.changes, reader) ?? position
            if page.changes.count < limits.page { break }
        }
        return position
    }

    /// Tells what comes, as long as it can be read about as fast. In front of a full page something may be missing
    /// already: such a page is left to ``catchUp(from:_:)``, which finds out.
    private func follow(
        _ follower: any ChangeFollower, from start: ChangeID, _ reader: Int
    ) async throws(StoreError) -> ChangeID {
        var position = start
        while !Task.isCancelled {
            let changes = try await follower.next(after: position, limit: limits.page)
            if changes.count >= limits.page { break }
            position = tell(changes, reader) ?? position
            if !changes.isEmpty { await pause(limits.pace) }
        }
        return position
    }

    /// - Returns: the last of them.
    private func tell(_ changes: [Change], _ reader: Int) -> ChangeID? {
        guard let first = changes.first, let last = changes.last else { return nil }
        let parts = StreamEvent.changes(changes, part: limits.part, times)
        state.withLock { state in
            guard state.reader == reader, state.position != nil else { return }
            state.position = last.id
            for (key, member) in state.members {
                let rest = changes.drop { $0.id <= member.told }
                let own =
                    member.told < first.id ? parts : StreamEvent.changes(rest, part: limits.part, times)
                for part in own { member.listener.offer(part) }
                state.members[key]?.told = max(member.told, last.id)
            }
        }
        return last.id
    }

    private func tellAll(_ part: ByteBuffer, at position: ChangeID, _ reader: Int) {
        state.withLock { state in
            guard state.reader == reader, state.position != nil else { return }
            state.position = position
            for (key, member) in state.members {
                member.listener.offer(part)
                state.members[key]?.told = position
            }
        }
    }

    // MARK: Statistics and signs of life

    private func tellStats() async {
        while !Task.isCancelled {
            if state.withLock({ $0.members.values.contains { $0.listener.wantsStats } }) {
                do throws(StoreError) {
                    let part = StreamEvent.stats(try await store.stats(), times)
                    offer(part) { $0.wantsStats }
                } catch {
                    logger.debug("no statistics for the live stream", metadata: ["error": "\(error)"])
                }
            }
            await pause(limits.stats)
        }
    }

    private func beat() async {
        while !Task.isCancelled {
            await pause(limits.heartbeat)
            if !Task.isCancelled { offer(StreamEvent.heartbeat) { _ in true } }
        }
    }

    private func offer(_ part: ByteBuffer, to isMeant: (StreamListener) -> Bool) {
        state.withLock { state in
            for member in state.members.values where isMeant(member.listener) { member.listener.offer(part) }
        }
    }

    /// Ends early when its task is cancelled, which the caller sees by itself.
    func pause(_ length: Duration) async { try? await Task.sleep(for: length) }
}
