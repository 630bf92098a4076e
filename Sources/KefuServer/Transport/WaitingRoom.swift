import NIOCore

/// Where requests of one event loop wait a moment for room when too many are in flight: those that ``LoadClass``
/// refuses last before the others, and of one class in the order in which they came. To refuse a request costs nearly
/// as much as to serve it and brings its caller back at once; a caller that waits asks for nothing.
///
/// Belongs to its event loop.
final class WaitingRoom {
    private struct Place {
        let connection: HTTPConnection
        let until: NIODeadline

        /// Its peer may have gone.
        var isTaken: Bool { connection.phase == .waiting }
    }

    private let admission: Admission
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    /// A line for each class.
    private var lines = LoadClass.allCases.map { _ in CircularBuffer<Place>(initialCapacity: 0) }
    private var count = 0
    private var isListening = false
    private var isAdmitting = false
    private var timer: ConnectionTimer?

    /// - Parameter patience: how long a request waits before it is refused.
    init(_ admission: Admission, patience: TimeAmount, on eventLoop: any EventLoop) {
        self.admission = admission
        self.patience = patience
        self.eventLoop = eventLoop
        timer = ConnectionTimer(eventLoop: eventLoop) { [weak self] in self?.patienceEnded() }
    }

    /// Whether a request may go ahead, which ``Admission/leave()`` ends; else it has to ``wait(_:_:)``.
    func admits(_ load: LoadClass) -> Bool {
        let isFirst = count == 0 || lines[load.rawValue...].allSatisfy(\.isEmpty)
        return (isFirst || load == .essential) && admission.enter(load)
    }

    /// Calls the connection when there is room, ``HTTPConnection/roomCame()``, or when its patience has ended,
    /// ``HTTPConnection/noRoomCame()``.
    func wait(_ connection: HTTPConnection, _ load: LoadClass) {
        let until = NIODeadline.now() + patience
        lines[load.rawValue].append(Place(connection: connection, until: until))
        count += 1
        admission.count(waiting: 1)
        if count == 1 { timer?.expire(at: until) }
        // Room that came before anybody listened was nobody's.
        if !isListening { admit() }
    }

    /// Lets in whoever there is room for now.
    private func admit() {
        // A request may be answered, and the next of its connection come, in the same call.
        guard !isAdmitting else { return }
        isAdmitting = true
        listen()
        letIn()
        isAdmitting = false
    }

    private func letIn() {
        for load in LoadClass.allCases.reversed() {
            while let place = lines[load.rawValue].first {
                guard !place.isTaken || admission.enter(load) else { return }
                leave(load)
                if place.isTaken { place.connection.roomCame() }
            }
        }
    }

    private func listen() {
        guard !isListening, count > 0 else { return }
        isListening = true
        let room = NIOLoopBound(self, eventLoop: eventLoop)
        admission.whenRoomComes { [eventLoop] in
            eventLoop.execute {
                room.value.isListening = false
                room.value.admit()
            }
        }
    }

    private func patienceEnded() {
        let now = NIODeadline.now()
        for load in LoadClass.allCases {
            while let place = lines[load.rawValue].first, place.until <= now || !place.isTaken {
                leave(load)
                if place.isTaken { place.connection.noRoomCame() }
            }
        }
        if let next = lines.compactMap(\.first?.until).min() { timer?.expire(at: next) }
    }

    private func leave(_ load: LoadClass) {
        lines[load.rawValue].removeFirst()
        count -= 1
        admission.count(waiting: -1)
    }
}
