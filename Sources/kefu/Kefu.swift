import ArgumentParser

/// The command. Each verb is a type of its own.
@main
struct Kefu: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "kefu", abstract: "任务调度 · Sends a message, a file or a link once its trigger has come.",
        discussion: """
            EXAMPLES
              kefu serve                            start an instance; without REDIS_URL with a Redis of its own
              kefu send task.json                   issue a task
              kefu event --customer c1 --text 好的  report what a customer said
              kefu status TASK_001                  where a task stands
              kefu doctor                           check everything this instance depends on
              kefu adapter check platform.json      check how a platform's frames and requests are described

            The verbs but serve, doctor and adapter talk to a running instance: KEFU_URL (http://127.0.0.1:5678) with
            KEFU_TOKEN. Settings are environment variables, or NAME=value lines of a --config file.

            EXIT CODES
              0   done
              1   the server said no (4xx), or a check of doctor failed
              2   the server is unreachable or could not (5xx)
              64  wrong usage
              78  a wrong setting; one line says which, and what is allowed
            """,
        version: version,
        subcommands: [
            ServeVerb.self, SendVerb.self, EventVerb.self, StatusVerb.self, ListVerb.self, CancelVerb.self,
            RetryVerb.self, FireVerb.self, UpdateVerb.self, StatsVerb.self, TopVerb.self, TailVerb.self,
            CallbacksVerb.self, DoctorVerb.self, AdapterVerb.self, ImportVerb.self, CompletionsVerb.self,
        ])
}
