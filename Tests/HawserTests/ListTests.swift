// SPDX-License-Identifier: Apache-2.0

import RemoteFS
import Testing

@testable import hawser

@Suite struct ListTests {
    private let summary = MountSummary(
        state: .reconnecting, seconds: 75, process: 17,
        unwritten: UnwrittenData(files: 2, bytes: 2048),
        reason: "lost;\nlast attempt: refused")

    @Test func summaryTravelsAsText() {
        #expect(MountSummary(text: summary.text) == summary)
        let connected = MountSummary(
            state: .notConnected, seconds: nil, process: nil, unwritten: nil, reason: nil)
        #expect(MountSummary(text: connected.text) == connected)
        for text in ["", "connected", "asleep\n1\n2\n0 0\n", "connected\n1\n2\n0 0"] {
            #expect(MountSummary(text: text) == nil, "\(text)")
        }
    }

    @Test func tableAlignsItsColumnsAndShowsNoControlCharacters() {
        let table = List.table([
            List.Row(source: "host:", mountPoint: "/a\u{1B}[31m", summary: summary),
            List.Row(
                source: "longer:/dir", mountPoint: "/b",
                summary: .silent(.dead, reason: "its process is gone")),
        ])
        #expect(
            table == """
                SOURCE       MOUNT POINT   STATE         FOR   NOT ON THE SERVER
                host:        /a\\u{1B}[31m  reconnecting  75 s  2.0 KiB of 2 files
                  lost;\\u{A}last attempt: refused
                longer:/dir  /b            dead          ?     ?
                  its process is gone
                """)
        #expect(List.table([]) == "nothing is mounted")
    }
}
