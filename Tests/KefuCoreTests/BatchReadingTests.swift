import KefuCore
import Testing

@Suite struct BatchReadingTests {
    private func tasks(_ json: String) -> Result<[BatchItem<NewTask>], InputError> {
        reading(json.utf8) { (body) throws(InputError) in try requests.tasks(body) }
    }

    @Test("A bad item does not stop the others, and its path begins at the item")
    func mixed() throws {
        let bomb = quoted("e" + String(repeating: "\u{301}", count: 31))
        let items = [
            ObjectText.task.text, ObjectText.task.with("task_id", "\"T2\"").with("trigger", "{}").text, "7",
            ObjectText.task.with("task_id", "\"T 3\"").text,
            ObjectText.task.with("task_id", "\"T4\"").with("created_by", bomb).text,
            ObjectText.task.with("task_id", "\"T5\"").text,
        ]
        let read = try tasks("[" + items.joined(separator: ",") + "]").get()
        #expect(read.map(\.id) == ["TASK_1", "T2", nil, nil, "T4", "T5"])
        #expect(read.map(\.result.error?.field) == [nil, "trigger.type", nil, "task_id", "created_by", nil])
        #expect(read.map { $0.result.value?.id } == ["TASK_1", nil, nil, nil, nil, "T5"])
        #expect(read[2].result.error?.detail == "must be an object")
    }

    @Test("A batch is an array of at most 1,000")
    func size() {
        #expect(tasks("[]").value?.count == 0)
        #expect(tasks("{}").error == InputError(.validation, detail: "must be an array"))
        #expect(tasks("[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]").value?.count == 1000)
        let error = tasks("[" + Array(repeating: "1", count: 1001).joined(separator: ",") + "]").error
        #expect(error == InputError(.validation, detail: "must have at most 1000 items"))
        #expect(tasks("[" + ObjectText.task.text + ",]").error?.kind == .invalidJSON)
    }

    @Test("Events are read in order, with the sender's ids")
    func events() throws {
        let json = "[\(ObjectText.event.with("event_id", "\"E1\"").text),\(ObjectText.event.text),{}]"
        let read = try reading(json.utf8) { (body) throws(InputError) in try requests.events(body) }.get()
        #expect(read.map(\.id) == ["E1", nil, nil])
        #expect(read.map(\.result.error?.field) == [nil, nil, "type"])
    }

    @Test("A command names a task and may give a reason")
    func commands() {
        func command(_ json: String) -> Result<TaskCommand, InputError> {
            reading(json.utf8) { (body) throws(InputError) in try requests.taskCommand(body) }
        }
        #expect(command(#"{"task_id":"T1"}"#) == .success(TaskCommand(taskID: "T1")))
        #expect(
            command(#"{"task_id":"T1","reason":"客户已退款","x":1}"#) == .success(TaskCommand(taskID: "T1", reason: "客户已退款"))
        )
        #expect(command("{}").error == InputError(.validation, field: "task_id", detail: "is required"))
        #expect(command(#"{"task_id":"T1","reason":1}"#).error?.field == "reason")
        #expect(
            command(#"{"task_id":"T1","reason":\#(quoted(String(repeating: "好", count: 501)))}"#).error?.field
                == "reason")
    }

    @Test(
        "Callbacks are chosen in exactly one way",
        arguments: [
            (#"{"callback_id":"C1"}"#, .callback("C1")),
            (#"{"task_id":"T1","all_dead":false,"callback_id":null}"#, .task("T1")),
            (#"{"all_dead":true}"#, .allDead), ("{}", nil), (#"{"all_dead":false}"#, nil),
            (#"{"callback_id":"C1","task_id":"T1"}"#, nil),
            (#"{"all_dead":true,"task_id":"T1"}"#, nil), (#"{"all_dead":1}"#, nil), (#"{"task_id":""}"#, nil),
            ("[]", nil),
        ] as [(String, CallbackSelection?)])
    func selections(_ json: String, _ selection: CallbackSelection?) {
        let read = reading(json.utf8) { (body) throws(InputError) in try requests.callbackSelection(body) }
        #expect(read.value == selection)
        if selection == nil { #expect(read.error?.kind == .validation) }
    }

    @Test("An id from a path is held to the same rule")
    func identifiers() {
        #expect(throws: InputError(.validation, field: "id", detail: Identifier.rule)) {
            try Identifier.check("a b", field: "id")
        }
        #expect(!Identifier.isValid("") && Identifier.isValid("a/b%20"))
        #expect(!Identifier.isValid("e" + String(repeating: "\u{301}\u{323}", count: 60)))
    }
}
