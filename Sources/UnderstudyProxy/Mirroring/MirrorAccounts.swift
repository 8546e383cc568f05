// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much mirrors may hold and have open, so that a bad one costs itself and nobody else.

internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

/// Of one cluster that mirrors send to; goes on through reloads.
public final class MirrorAccount: Sendable {
    private let held = Gauge()
    private let most = Atomic(0)
    private let mostPerCopy = Atomic(0)
    private let isOn = Atomic(true)

    init(_ options: MirrorOptions) {
        set(options)
    }

    func set(_ options: MirrorOptions) {
        most.store(Int(clamping: options.bufferedBytes), ordering: .relaxed)
        mostPerCopy.store(Int(clamping: options.bufferedBytesPerCopy), ordering: .relaxed)
    }

    /// Bytes held now by all its copies on all workers, and how many there may be.
    public var bufferedBytes: MirroringStatus.Budget {
        MirroringStatus.Budget(held, most: most.load(ordering: .relaxed))
    }

    /// An operator has not switched it off.
    public var isEnabled: Bool { isOn.load(ordering: .relaxed) }

    /// - Returns: Whether it was otherwise before.
    func setEnabled(_ isEnabled: Bool) -> Bool {
        isOn.exchange(isEnabled, ordering: .relaxed) != isEnabled
    }

    /// What a copy holds has changed.
    ///
    /// - Returns: Whether it may go on: whoever holds less than before always may.
    fileprivate func update(from old: Int, to new: Int) -> Bool {
        let total = held.adding(new - old)
        guard new > old else { return true }
        return new <= mostPerCopy.load(ordering: .relaxed) && total <= most.load(ordering: .relaxed)
    }
}

/// Of the process.
public final class MirrorAccounts: Sendable {
    private let held = Gauge()
    private let most = Atomic(0)
    private let answerBytes = Atomic(0)
    private let isOn = Atomic(true)
    private let isShedding = Atomic(false)
    private let isMakingRoom = Atomic(false)
    /// Has every worker close one of its idle connections to mirrors, and call `roomWasMade` when all have.
    let roomIsWanted = ChangeHook()
    /// In flight; each worker may begin one more than there may be.
    let copies: ResourceLimit
    /// Of mirrors; each worker may open one more than there may be.
    let connections: ResourceLimit
    private let mostDescriptors: Int
    private let accounts = Mutex<[String: MirrorAccount]>([:])

    /// - Parameter descriptors: As many as the process may have.
    public init(_ options: MirroringOptions = MirroringOptions(), descriptors: Int = .max) {
        mostDescriptors = descriptors
        copies = ResourceLimit(0)
        connections = ResourceLimit(0)
        set(options)
    }

    func set(_ options: MirroringOptions) {
        let total = options.total
        most.store(Int(clamping: total.bufferedBytes), ordering: .relaxed)
        copies.setMaximum(Int(total.copies))
        answerBytes.store(Int(clamping: total.answerBytesPerSecond), ordering: .relaxed)
        // Clients, primaries and files share the rest.
        connections.setMaximum(total.connections.map { Int($0) } ?? max(1, mostDescriptors / 4))
        accounts.withLock { for (name, account) in $0 { account.set(options[name]) } }
    }

    /// The account of a cluster, which is opened with the first call.
    func account(_ cluster: String, _ options: MirroringOptions) -> MirrorAccount {
        accounts.withLock { accounts in
            if let account = accounts[cluster] { return account }
            let account = MirrorAccount(options[cluster])
            accounts[cluster] = account
            return account
        }
    }

    /// The account of a cluster that has one, also if the cluster is gone and the account is kept for its switch.
    func known(_ cluster: String) -> MirrorAccount? { accounts.withLock { $0[cluster] } }

    /// Forgets clusters that are gone, unless one is switched off: it would come back switched on.
    func keep(_ clusters: Set<String>) {
        accounts.withLock { accounts in
            accounts = accounts.filter { clusters.contains($0.key) || !$0.value.isEnabled }
        }
    }

    /// Bytes held now by all copies on all workers, and how many there may be.
    public var bufferedBytes: MirroringStatus.Budget {
        MirroringStatus.Budget(held, most: most.load(ordering: .relaxed))
    }

    /// A worker may open no more connections to mirrors, and has no idle one to close.
    func askForRoom() {
        guard !isMakingRoom.exchange(true, ordering: .relaxed) else { return }
        roomIsWanted.call()
    }

    func roomWasMade() {
        isMakingRoom.store(false, ordering: .relaxed)
    }

    /// Of answers, in a second and on each worker.
    var answerBytesPerSecond: Int { answerBytes.load(ordering: .relaxed) }

    /// Another copy may begin: there are not too many, and the proxy has not too much to do.
    var mayBegin: Bool { !isShedding.load(ordering: .relaxed) && !copies.isExhausted }

    func setShedding(_ isShedding: Bool) {
        self.isShedding.store(isShedding, ordering: .relaxed)
    }

    /// No copy begins, because the proxy has too much to do.
    var isSheddingCopies: Bool { isShedding.load(ordering: .relaxed) }

    /// An operator has not switched all mirrors off.
    public var isEnabled: Bool { isOn.load(ordering: .relaxed) }

    /// - Returns: Whether it was otherwise before.
    func setEnabled(_ isEnabled: Bool) -> Bool {
        isOn.exchange(isEnabled, ordering: .relaxed) != isEnabled
    }

    /// What a copy holds has changed.
    ///
    /// - Returns: Whether it may go on.
    func update(_ account: MirrorAccount, from old: Int, to new: Int) -> Bool {
        guard old != new else { return true }
        let total = held.adding(new - old)
        return account.update(from: old, to: new) && (new < old || total <= most.load(ordering: .relaxed))
    }
}

extension MirroringStatus.Budget {
    fileprivate init(_ gauge: Gauge, most: Int) {
        self.init(used: UInt64(max(0, gauge.current)), most: UInt64(most))
    }
}
