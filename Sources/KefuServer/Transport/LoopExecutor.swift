import NIOCore

/// Runs the tasks of one event loop's requests on that loop. A route begins in place, inside the read that completed
/// its request (`Task.immediate`), and comes back to the same thread after every suspension.
package final class LoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
