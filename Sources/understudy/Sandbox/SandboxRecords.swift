// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the services have seen, for the check to ask about.

/// Collects records and lets the check wait for one, within a bound.
actor SandboxRecords {
    private var seen: [SandboxRecord] = []
    private let stream: AsyncStream<SandboxRecord>
    private var reader: Task<Void, Never>?
    private var waiters: [(wanted: SandboxRecord, resume: CheckedContinuation<Bool, Never>)] = []

    init(_ stream: AsyncStream<SandboxRecord>) {
        self.stream = stream
    }

    /// Whether the service has seen this request, or sees it within the bound.
    func contains(_ wanted: SandboxRecord, within bound: Duration) async -> Bool {
        startReading()
        if seen.contains(wanted) { return true }
        let alarm = Task {
            try await Task.sleep(for: bound)
            giveUp(wanted)
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { waiters.append((wanted, $0)) }
    }

    /// What the service has seen so far.
    func all(of service: String) -> [SandboxRecord] {
        seen.filter { $0.service == service }
    }

    private func startReading() {
        guard reader == nil else { return }
        let stream = self.stream
        reader = Task { for await record in stream { note(record) } }
    }

    private func note(_ record: SandboxRecord) {
        seen.append(record)
        for waiter in waiters where waiter.wanted == record { waiter.resume.resume(returning: true) }
        waiters.removeAll { $0.wanted == record }
    }

    private func giveUp(_ wanted: SandboxRecord) {
        for waiter in waiters where waiter.wanted == wanted { waiter.resume.resume(returning: false) }
        waiters.removeAll { $0.wanted == wanted }
    }
}
