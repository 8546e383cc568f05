// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whole exchanges with all their copies: the walk plays client, primary, mirrors and the shell between them.

import TestSupport
import UnderstudyCore

/// A configuration, its books, and what is under way.
struct BooksWalk {
    /// One exchange between a client and its primary.
    private struct Walked {
        let worker: Int
        var state = ExchangeState()
        var isWhole = false
        var isAnswering = false
        var isOver = false
        var copies: [Int] = []
    }

    private struct Copy {
        let key: MirrorKey
        let tally: MirrorTally
        var state = MirrorState()
        var model = CopyModel()
    }

    enum ExchangeEvent: CaseIterable {
        case requestEnded, answerBegan, answerEnded, primaryFailed, requestBroke, clientLeft
    }

    private static let clusters = ["primary", "a", "b"]
    private static let workers = 2
    /// Why the shell starts no copy, though one was decided on.
    private static let refusals: [MirrorOutcome] = [.disabled, .bodyTooLarge, .budget, .noPath, .noHost, .overflow]

    private let names = NameTable(clusters.enumerated().map { (name: Array($0.element.utf8), value: $0.offset) })
    private let routes: [(label: String, policies: [WalkedPolicy])]
    private let forwards: [Forward]
    /// By the number of the rules.
    private let keys: [MirrorKey]
    private(set) var books: [MirrorKey: MirrorBook] = [:]
    private(set) var model = BooksModel(clusters: Set(clusters))
    private var exchanges: [Walked] = []
    private var copies: [Copy] = []
    private var dice: SeededGenerator
    /// What was done that must not be, in words.
    private(set) var objections: [String] = []
    /// Requests times policies, by the name of the route.
    private(set) var policies: [String: UInt64] = [:]

    init(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        // One is certain to have copies.
        let lists = (0..<3).map { _ in
            [WalkedPolicy(cluster: "a", percent: 100)]
                + (0..<dice.number(below: 4)).map { _ in
                    WalkedPolicy(
                        cluster: dice.pick(["a", "b", "missing", nil]),
                        percent: dice.pick([0, 50, 100, 100])
                    )
                }
        }
        let labels = ["v[0]", "named", "v[2]"]
        routes = zip(labels, lists).map { ($0, $1) }
        var configured = lists.enumerated().map { number, list in
            Route(
                match: .prefix("/\(number)"),
                action: RouteAction(cluster: .name("primary"), mirrorPolicies: list.map(\.policy))
            )
        }
        configured[1].name = labels[1]
        let catalogue = MirrorCatalogue()
        let table = RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: [VirtualHost(name: "v", domains: ["*"], routes: configured)]
            ),
            clusters: names,
            catalogue: catalogue
        )
        forwards = configured.indices.compactMap { number in
            guard case .forward(let forward) = table.route(for: RequestHead("GET /\(number)", ["host: h"]))?.action
            else { return nil }
            return forward
        }
        keys = catalogue.keys
        for key in keys { books[key] = MirrorBook(key, workers: Self.workers) }
        self.dice = dice
    }

    /// Where books and model differ, or do not add up, in words.
    var differences: [String] {
        let names = Set(books.keys).union(model.books.keys)
        return names.compactMap { key in
            let counts = books[key]?.counts ?? MirrorCounts()
            let expected = model.books[key] ?? MirrorCounts()
            // A number below zero is one far beyond all requests.
            let isSound = counts.isBalanced && counts.inFlight <= counts.requests
            return isSound && counts == expected ? nil : "\(key): \(counts), not \(expected)"
        }
    }

    // MARK: Steps

    mutating func step() {
        switch dice.number(below: 10) {
        case 0, 1: begin()
        case 2...5: if !exchanges.isEmpty { anyExchangeEvent(dice.number(below: exchanges.count)) }
        default: if !copies.isEmpty { tell(anyCopy(), anyCopyEvent()) }
        }
        // What is over stays for a while, so that strays come to it.
        let surplus = exchanges.count - 12
        guard surplus > 0 else { return }
        for index in 0..<surplus { play(.clientLeft, index) }
        exchanges.removeFirst(surplus)
    }

    /// The proxy ends: every client leaves, every copy is stopped.
    mutating func stop() {
        for index in exchanges.indices { play(.clientLeft, index) }
        for index in copies.indices { tell(index, .stopped) }
    }

    private mutating func begin() {
        let request = WalkedRequest(
            route: dice.number(below: routes.count),
            isConnect: dice.chance(percent: 10),
            mirror: dice.pick(["a", "b", "nobody", nil]),
            random: dice.next()
        )
        policies[routes[request.route].label, default: 0] += UInt64(routes[request.route].policies.count)
        var exchange = Walked(worker: dice.number(below: Self.workers))
        if dice.chance(percent: 10) {
            skipAll(request, exchange.worker)
            _ = exchange.state.primaryFailed()
            exchange.isOver = true
        } else {
            start(request, &exchange)
        }
        exchanges.append(exchange)
    }

    /// There is no primary.
    private mutating func skipAll(_ request: WalkedRequest, _ worker: Int) {
        let route = routes[request.route]
        for (rule, policy) in zip(forwards[request.route].mirrors, route.policies) {
            tally(rule, nil, worker).skip(.primaryNotStarted)
            model.skipped(model.key(route.label, policy, request, hasTarget: false), .primaryNotStarted)
        }
    }

    private mutating func start(_ request: WalkedRequest, _ exchange: inout Walked) {
        let lines = ["host: h"] + (request.mirror.map { ["x-mirror: \($0)"] } ?? [])
        let head = RequestHead(request.isConnect ? "CONNECT h:1" : "POST /", lines)
        let route = routes[request.route]
        for (rule, policy) in zip(forwards[request.route].mirrors, route.policies) {
            let reason = model.reason(policy, request)
            let key = model.key(route.label, policy, request, hasTarget: reason == nil)
            switch rule.decide(head, clusters: names, random: request.random) {
            case .failure(let outcome):
                tally(rule, nil, exchange.worker).skip(outcome)
                // An outcome that the model does not know of shows as a difference.
                if let reason { model.skipped(key, reason) }
            case .success(let index):
                let tally = tally(rule, index, exchange.worker)
                startCopy(key, tally, &exchange)
            }
        }
    }

    private mutating func startCopy(_ key: MirrorKey, _ tally: MirrorTally, _ exchange: inout Walked) {
        guard dice.chance(percent: 75) else {
            let refusal = dice.pick(Self.refusals)
            tally.skip(refusal)
            return model.skipped(key, refusal)
        }
        tally.begin()
        model.began(key)
        exchange.copies.append(copies.count)
        copies.append(Copy(key: key, tally: tally))
    }

    /// A cluster that a request has named has a book of its own once it exists.
    private mutating func tally(_ rule: MirrorRule, _ cluster: Int?, _ worker: Int) -> MirrorTally {
        var key = keys[rule.book]
        if case .header = rule.cluster, let cluster { key.mirror = Self.clusters[cluster] }
        let book = books[key] ?? MirrorBook(key, workers: Self.workers)
        books[key] = book
        return book.tallies[worker]
    }

    // MARK: Exchanges

    private mutating func anyExchangeEvent(_ index: Int) {
        let exchange = exchanges[index]
        let possible = ExchangeEvent.allCases.filter { event in
            switch event {
            case .requestEnded, .requestBroke: !exchange.isWhole
            case .answerBegan: !exchange.isAnswering
            case .answerEnded: exchange.isAnswering
            case .primaryFailed, .clientLeft: true
            }
        }
        play(dice.pick(possible), index)
    }

    private mutating func play(_ event: ExchangeEvent, _ index: Int) {
        var exchange = exchanges[index]
        var actions: ExchangeState.Actions = []
        switch event {
        case .requestEnded where exchange.isOver: return
        case .requestEnded:
            exchange.state.requestEnded()
            exchange.isWhole = true
            for copy in exchange.copies { tell(copy, .requestEnded) }
        case .answerBegan where exchange.isOver: return
        case .answerBegan:
            _ = exchange.state.answerBegan()
            exchange.isAnswering = true
        case .answerEnded: actions = exchange.state.answerEnded()
        case .primaryFailed: actions = exchange.state.primaryFailed()
        case .requestBroke: actions = exchange.state.requestBroke()
        case .clientLeft: actions = exchange.state.clientLeft()
        }
        if exchange.isOver, !actions.isEmpty { objections.append("\(actions) after the end, by \(event)") }
        if actions.contains(.cutMirrors) {
            let clientLeft = event == .clientLeft
            for copy in exchange.copies { tell(copy, .exchangeEnded(clientLeft: clientLeft)) }
        }
        if actions.contains(.finish) {
            let hasHalf = exchange.copies.contains { copies[$0].model.outcome == nil && !copies[$0].model.isWhole }
            if hasHalf { objections.append("half a copy outlives its exchange, by \(event)") }
            exchange.isOver = true
        }
        exchanges[index] = exchange
    }

    // MARK: Copies

    /// Mostly one of the latest; those before have mostly ended.
    private mutating func anyCopy() -> Int {
        let latest = dice.chance(percent: 90) ? min(16, copies.count) : copies.count
        return copies.count - 1 - dice.number(below: latest)
    }

    private mutating func anyCopyEvent() -> CopyModel.Event {
        switch dice.number(below: 12) {
        case 0...2: .answerBegan(dice.pick([200, 204, 302, 399, 400, 404, 499, 500, 503, 599, 600, 999]))
        case 3...6: .answerEnded
        case 7: .failed(dice.pick(UpstreamFailure.allCases))
        case 8: .fellBehind
        case 9: .requestTooLarge
        case 10: .answerTooLarge
        default: .timedOut
        }
    }

    private mutating func tell(_ index: Int, _ event: CopyModel.Event) {
        let old = copies[index].model
        switch event {
        // No timeout runs before the request is complete, and no piece of the body comes after.
        case .timedOut where !old.isWhole, .requestTooLarge where old.isWhole: return
        default: break
        }
        copies[index].model.note(event)
        if old.outcome == nil, let outcome = copies[index].model.outcome { model.ended(copies[index].key, outcome) }
        switch perform(event, index) {
        case .none: break
        case .startTimeout: if old.isWhole { objections.append("a second timeout") }
        case .release(let outcome):
            if !old.isWhole { objections.append("half a request is released") }
            copies[index].tally.end(outcome)
        case .close(let outcome): copies[index].tally.end(outcome)
        }
        let hasEnded = copies[index].model.outcome != nil
        if copies[index].state.hasEnded != hasEnded { objections.append("ended or not, after \(event)") }
    }

    private mutating func perform(_ event: CopyModel.Event, _ index: Int) -> MirrorState.Action {
        let isReusable = dice.chance(percent: 50)
        switch event {
        case .requestEnded: return copies[index].state.requestEnded()
        case .answerBegan(let status):
            copies[index].state.answerBegan(status: status)
            return .none
        case .answerEnded: return copies[index].state.answerEnded(reusable: isReusable)
        case .failed(let failure): return copies[index].state.failed(failure)
        case .fellBehind: return copies[index].state.fellBehind()
        case .timedOut: return copies[index].state.timedOut()
        case .requestTooLarge: return copies[index].state.requestTooLarge()
        case .answerTooLarge: return copies[index].state.answerTooLarge()
        case .stopped: return copies[index].state.stopped()
        case .exchangeEnded(let clientLeft): return copies[index].state.exchangeEnded(clientLeft: clientLeft)
        }
    }
}
