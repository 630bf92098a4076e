import KefuCore
import Testing

@Suite struct ReceiveTests {
    @Test(arguments: ScriptCache.allCases)
    func `A task is armed in the step that stores it`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.receive(.example(), capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 1); due in 3600000")
        #expect(
            step.changes == """
                + armed:c1:message T1: any
                + changes 1: T1 waiting accepted @0 c1 1
                + counts normal:customer_reply: 1
                + created T1: @0
                + customer:c1 T1: @0
                + task:T1 action_message: 谢谢
                + task:T1 action_type: send_message
                + task:T1 armed: message
                + task:T1 content: d1
                + task:T1 created_at: @0
                + task:T1 customer_id: c1
                + task:T1 deadline_at: @3600000
                + task:T1 generation: 1
                + task:T1 max_retry: 3
                + task:T1 priority: normal
                + task:T1 status: waiting
                + task:T1 timeout_hours: 1
                + task:T1 trigger_type: customer_reply
                + task:T1 type: greeting
                + timeouts T1: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A time to come is scheduled, its deadline counted from that time`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.receive(.example("T1", .time(60_000)), capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 1); due in 60000")
        #expect(
            step.changes == """
                + changes 1: T1 waiting accepted @0 c1 1
                + counts normal:time_reach: 1
                + created T1: @0
                + customer:c1 T1: @0
                + scheduled T1: @60000
                + task:T1 action_message: 谢谢
                + task:T1 action_type: send_message
                + task:T1 content: d1
                + task:T1 created_at: @0
                + task:T1 customer_id: c1
                + task:T1 deadline_at: @3660000
                + task:T1 generation: 1
                + task:T1 max_retry: 3
                + task:T1 priority: normal
                + task:T1 status: waiting
                + task:T1 timeout_hours: 1
                + task:T1 trigger_time: @60000
                + task:T1 trigger_type: time_reach
                + task:T1 type: greeting
                + timeouts T1: @3660000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A past time fires at once and is handed out, its deadline counted from acceptance`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.receive(.example("T1", .time(-86_400_000)), capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 1); claimed T1#1")
        #expect(
            step.changes == """
                + changes 1: T1 waiting accepted @0 c1 1
                + changes 2: T1 running triggered @0 c1 1
                + counts normal:time_reach: 1
                + created T1: @0
                + customer:c1 T1: @0
                + running T1: @15000
                + task:T1 action_message: 谢谢
                + task:T1 action_type: send_message
                + task:T1 attempts: 1
                + task:T1 content: d1
                + task:T1 created_at: @0
                + task:T1 customer_id: c1
                + task:T1 deadline_at: @3600000
                + task:T1 generation: 1
                + task:T1 max_retry: 3
                + task:T1 owner: i1:1
                + task:T1 priority: normal
                + task:T1 status: running
                + task:T1 timeline: running @0
                + task:T1 timeout_hours: 1
                + task:T1 trigger_event: {"at":@0,"type":"time_reach"}
                + task:T1 trigger_time: @-86400000
                + task:T1 trigger_type: time_reach
                + task:T1 triggered_at: @0
                + task:T1 type: greeting
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The present moment counts as a past time, and without capacity the task stays ready`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.receive(.example("T1", .time(0)), capacity: 0) }
        #expect(step.answer.shown == "accepted(generation: 1); backlog")
        #expect(try await test.field("triggered_at", of: "T1") == "@0")
        #expect(step.changes.contains("+ ready T1: normal @0"))
        #expect(!step.changes.contains("scheduled"))
    }

    @Test(arguments: ScriptCache.allCases)
    func `What is handed out is the head of the ready queue, not what has just fired`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("urgent", priority: .urgent))
        _ = try await test.store.fire(taskID: "urgent")
        let step = try await test.step { try await $0.receive(.example("T1", .time(-1)), capacity: 1) }
        #expect(step.answer.shown == "accepted(generation: 1); claimed urgent#1; backlog")
    }

    @Test(arguments: ScriptCache.allCases)
    func `The same content again is told the state of now and changes nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(1)
        let running = try await test.step { try await $0.receive(.example(), capacity: 4) }
        #expect(running.answer.shown == "duplicate(status: running)")
        #expect(running.changes == "")
        try await test.finished(lease, .completed)
        let completed = try await test.step { try await $0.receive(.example(), capacity: 4) }
        #expect(completed.answer.shown == "duplicate(status: completed)")
        #expect(completed.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Another content under a known id is refused and changes nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.receive(.example(content: "d2"), capacity: 4) }
        #expect(step.answer.shown == "conflict(status: waiting)")
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A cancelled task is issued anew, whatever the new content and customer`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.finished(lease, .retry())
        _ = try await test.store.cancel(taskID: "T1", reason: "换人")
        try await test.at(5_000)
        let anew = NewTask.example("T1", of: "c2", .payment(), priority: .high, content: "d2")
        let step = try await test.step { try await $0.receive(anew, capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 2); due in 3600000")
        #expect(
            step.changes == """
                + armed:c2:payment T1: *
                - attempts:T1 0: {"attempt":1,"at":@0,"http_status":503,"error":"HTTP 503","duration_ms":20}
                - cancelled T1: @0
                + changes 6: T1 waiting accepted @5000 c2 2
                + counts high:customer_payment: 1
                ~ created T1: @0 → @5000
                - customer:c1 T1: @0
                + customer:c2 T1: @5000
                + task:T1 armed: payment
                - task:T1 attempts: 1
                - task:T1 callback_seq: 1
                - task:T1 cancel_reason: 换人
                - task:T1 completed_at: @0
                ~ task:T1 content: d1 → d2
                ~ task:T1 created_at: @0 → @5000
                ~ task:T1 customer_id: c1 → c2
                ~ task:T1 deadline_at: @3600000 → @3605000
                - task:T1 error_message: 换人
                ~ task:T1 generation: 1 → 2
                ~ task:T1 priority: normal → high
                - task:T1 retry_count: 1
                ~ task:T1 status: cancelled → waiting
                - task:T1 timeline: running @0,waiting @0,cancelled @0
                - task:T1 trigger_event: {"at":@0,"type":"manual"}
                ~ task:T1 trigger_type: customer_reply → customer_payment
                - task:T1 triggered_at: @0
                + timeouts T1: @3605000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The same content issues a cancelled task anew as well, each time a generation higher`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        for generation in 2...3 {
            _ = try await test.store.cancel(taskID: "T1", reason: nil)
            let step = try await test.step { try await $0.receive(.example(), capacity: 4) }
            #expect(step.answer.outcome == .accepted(generation: generation))
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `Every field that the sender gave is kept as sent`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var trigger = Trigger.reply("好的", "\"收到\"", match: .all, exclude: ["不"])
        trigger.keyword = "嗯"
        trigger.whereJSON = #"{"a":1}"#
        var task = NewTask.example("T1", trigger, maxRetry: 0)
        task.customer.name = "王小明"
        task.createdBy = "ops"
        task.action = Action(
            kind: .sendFile, message: "见附件", fileURL: "https://f.example/1", url: "https://u.example/2")
        let posted = task
        let step = try await test.step { try await $0.receive(posted, capacity: 4) }
        #expect(
            step.changes == #"""
                + armed:c1:message T1: all
                +好的
                +"收到"
                -不
                + changes 1: T1 waiting accepted @0 c1 1
                + counts normal:customer_reply: 1
                + created T1: @0
                + customer:c1 T1: @0
                + task:T1 action_file_url: https://f.example/1
                + task:T1 action_message: 见附件
                + task:T1 action_type: send_file
                + task:T1 action_url: https://u.example/2
                + task:T1 armed: message
                + task:T1 content: d1
                + task:T1 created_at: @0
                + task:T1 created_by: ops
                + task:T1 customer_id: c1
                + task:T1 customer_name: 王小明
                + task:T1 deadline_at: @3600000
                + task:T1 generation: 1
                + task:T1 max_retry: 0
                + task:T1 priority: normal
                + task:T1 status: waiting
                + task:T1 timeout_hours: 1
                + task:T1 trigger_exclude: ["不"]
                + task:T1 trigger_keyword: 嗯
                + task:T1 trigger_keywords: ["好的","\"收到\""]
                + task:T1 trigger_match: all
                + task:T1 trigger_type: customer_reply
                + task:T1 trigger_where: {"a":1}
                + task:T1 type: greeting
                + timeouts T1: @3600000
                """#)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Ids are escaped where they stand in keys`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let task = NewTask.example("a:b%c{d}*", of: "c:custom", .custom("p:q"))
        let step = try await test.step { try await $0.receive(task, capacity: 4) }
        let keys = step.changes.split(separator: "\n").filter { $0.hasPrefix("+ armed") || $0.contains("status") }
        #expect(
            keys.joined(separator: "\n") == """
                + armed:c%3Acustom:custom:p%3Aq a:b%c{d}*: *
                + task:a%3Ab%25c{d}* status: waiting
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Acceptance is called back when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.waiting, .running]))
        let step = try await test.step { try await $0.receive(.example(), capacity: 4) }
        let lines = step.changes.split(separator: "\n").filter { $0.contains("callback") }
        #expect(
            lines.joined(separator: "\n") == """
                + callback:<T1 waiting g1> at: @0
                + callback:<T1 waiting g1> attempts: 0
                + callback:<T1 waiting g1> customer_id: c1
                + callback:<T1 waiting g1> generation: 1
                + callback:<T1 waiting g1> status: waiting
                + callback:<T1 waiting g1> task_attempts: 0
                + callback:<T1 waiting g1> task_id: T1
                + callbacks <T1 waiting g1>: @0
                + task:T1 callback_seq: 1
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A batch is accepted in order, each task for itself`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let batch = [NewTask.example("A"), .example("A"), .example("B"), .example("A", content: "d2")]
        let step = try await test.step { await $0.receive(batch) }
        let outcomes = try step.answer.map { try $0.get().outcome }
        #expect(
            outcomes == [
                .accepted(generation: 1), .duplicate(status: .waiting), .accepted(generation: 1),
                .conflict(status: .waiting),
            ])
    }
}
