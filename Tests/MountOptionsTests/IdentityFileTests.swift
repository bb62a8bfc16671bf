// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MountOptions

@Suite struct IdentityFileTests {
    @Test func readsPairsAndPasswordFiles() throws {
        let file = try IdentityFile(
            parsing: "me:1000\n\n# comment\nroot:x:0:0:root:/:/bin/sh\nus:x:8:\n",
            option: "uidfile")
        #expect(
            file.entries == [
                .init(name: "me", number: 1000), .init(name: "root", number: 0),
                .init(name: "us", number: 8),
            ])
    }

    @Test(arguments: ["me", "me:", "me:x", ":1", "me:x:y:1", "me:-1", "me:4294967296", " "])
    func refusesOtherLines(line: String) {
        #expect(throws: MountOptionError.invalidLine(option: "gidfile", line: 2)) {
            try IdentityFile(parsing: "a:1\n\(line)\n", option: "gidfile")
        }
    }
}
