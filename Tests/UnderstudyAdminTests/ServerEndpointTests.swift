// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The process as the admin server shows it, and the changes that it takes.

import TestSupport
import Testing
import UnderstudyCore

struct ServerEndpointTests {
    private func server(_ change: (inout ServerInformation) -> Void) -> FakeServer {
        var shown = FakeServer.Shown()
        change(&shown.information)
        return FakeServer(shown)
    }

    @Test(arguments: [
        (ServerState.live, 200, "LIVE\n"), (.draining, 503, "DRAINING\n"),
        (.preInitializing, 503, "PRE_INITIALIZING\n"), (.initializing, 503, "INITIALIZING\n"),
    ])
    func `only a live server is ready`(state: ServerState, status: Int, text: String) async throws {
        let answer = try await server { $0.state = state }.get("/ready")
        #expect(answer.status == status)
        #expect(answer.body == text)
    }

    @Test func `the information has Envoy's members, and the reload at its end`() async throws {
        let answer = try await server {
            $0.state = .live
            $0.version = "1.2.3"
            $0.startTime = 100
            $0.now = 133
            $0.serviceNode = "n1"
            $0.serviceCluster = "c\"1"
            $0.serviceZone = "z"
            $0.options = [("concurrency", .number(2)), ("mode", .text("Serve")), ("x", .flag(true)), ("l", .list([]))]
            $0.reload.result = .refused
            $0.reload.time = 1_795_560_710
            $0.reload.errors = ["envoy.yaml:3:1: admin: unknown field"]
        }.get("/server_info")
        #expect(answer.body == Self.information)
    }

    private static let information = """
        {
         "version": "1.2.3",
         "state": "LIVE",
         "uptime_current_epoch": "33s",
         "uptime_all_epochs": "33s",
         "hot_restart_version": "disabled",
         "command_line_options": {
          "concurrency": 2,
          "mode": "Serve",
          "x": true,
          "l": []
         },
         "node": {
          "id": "n1",
          "cluster": "c\\"1",
          "locality": {
           "region": "",
           "zone": "z",
           "sub_zone": ""
          },
          "user_agent_name": "understudy",
          "user_agent_build_version": {
           "version": {
            "major_number": 1,
            "minor_number": 2,
            "patch": 3
           },
           "metadata": {}
          },
          "extensions": [],
          "client_features": [],
          "listening_addresses": [],
          "dynamic_parameters": {}
         },
         "hot_restart_initializing": false,
         "reload": {
          "result": "REFUSED",
          "time": "2026-11-24T22:51:50Z",
          "errors": [
           "envoy.yaml:3:1: admin: unknown field"
          ]
         }
        }

        """

    @Test(arguments: [
        ("/healthcheck/fail", "fail true"), ("/healthcheck/ok", "fail false"), ("/reset_counters", "reset"),
        ("/reopen_logs", "reopen"), ("/quitquitquit", "quit"),
    ])
    func `a change is asked for once and answered with OK`(path: String, request: String) async throws {
        let server = FakeServer()
        let answer = try await server.post(path)
        #expect(answer.status == 200)
        #expect(answer.body == "OK\n")
        #expect(server.requests == [request])
    }

    @Test func `small answers are Envoy's`() async throws {
        var shown = FakeServer.Shown()
        shown.memory.allocated = 1
        shown.memory.heapSize = 2
        shown.memory.resident = 3
        let server = FakeServer(shown)
        #expect(try await server.get("/certs").body == "{\n \"certificates\": []\n}\n")
        #expect(try await server.get("/hot_restart_version").body == "disabled")
        let memory = try await server.get("/memory").body
        #expect(memory.hasPrefix("{\n \"allocated\": \"1\",\n \"heap_size\": \"2\",\n \"pageheap_unmapped\": \"0\","))
        #expect(memory.hasSuffix(" \"total_physical_bytes\": \"3\"\n}\n"))
    }

    @Test func `the help has a line for each path and parameter`() async throws {
        let help = try await FakeServer().get("/help").body
        #expect(help.hasPrefix("admin commands are:\n  /: Admin home page\n  /certs: print certs on machine\n"))
        #expect(
            help.contains("  /listeners: print listener info\n      format: File format to use; One of (text, json)\n")
        )
        #expect(help.contains("  /quitquitquit (POST): exit the server\n"))
    }

    @Test func `the home page links what can be seen and has a form for what can be changed`() async throws {
        let answer = try await server {
            $0.state = .draining
            $0.serviceNode = "<node>&\"'"
            $0.reload.result = .refused
            $0.reload.errors = ["<script>alert(1)</script>"]
        }.get("/")
        let page = answer.body
        #expect(answer.value("content-type") == "text/html; charset=UTF-8")
        #expect(page.contains("<a href=\"/clusters\">"))
        #expect(page.contains("<form method=\"post\" action=\"/quitquitquit\">"))
        #expect(page.contains(">DRAINING</strong>"))
        #expect(page.contains("&lt;node&gt;&amp;&quot;&#39;"))
        #expect(!page.contains("<script"))
        #expect(!page.contains("http://") && !page.contains("https://"))
    }

    @Test func `every field of the home page has a label of its own`() async throws {
        let page = try await FakeServer().get("/").body
        let ids = page.matches(of: /<(?:input|select) id="([^"]+)"/).map { String($0.1) }
        let labels = page.matches(of: /<label for="([^"]+)"/).map { String($0.1) }
        #expect(ids.count > 5)
        #expect(ids == labels)
        #expect(Set(ids).count == ids.count)
    }
}
