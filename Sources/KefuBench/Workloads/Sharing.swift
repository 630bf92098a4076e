// Several instances on one Redis: what they do together, and what that costs altogether.

extension Workload {
    private static let three = Stage.Setting(instances: 3)

    static let sharedAccepts = Workload(
        name: "accept-three", summary: "accepts by three instances on one Redis", setting: three
    ) { (stage, effort) throws(BenchError) in
        try accepting(on: stage, effort, goals: RateGoals())
    }

    static let sharedLives = Workload(
        name: "lives-three", summary: "lives by three instances on one Redis", setting: three
    ) { (stage, effort) throws(BenchError) in
        try living(on: stage, effort, goals: RateGoals())
    }
}
