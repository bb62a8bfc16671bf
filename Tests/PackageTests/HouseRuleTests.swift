// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// The house rules, checked by `Integration/house-rules`; here each of them is one test.
@Suite struct HouseRuleTests {
    private static let script = repositoryRoot + "/Integration/house-rules"
    private static let everyBreach = run("'\(script)'")

    @Test(arguments: run("'\(script)' --list").lines)
    func holds(_ rule: String) {
        let result = Self.everyBreach
        #expect(result.status == 0 || result.status == 1, "\(result.lines)")
        for breach in result.lines where breach.hasSuffix("[\(rule)]") {
            Issue.record("\(breach)")
        }
    }

    @Test func everyRuleSeesItsBreach() {
        let result = run("'\(Self.script)' --self-test")
        #expect(result.status == 0, "\(result.lines)")
    }

    @Test func thereAreRules() {
        #expect(run("'\(Self.script)' --list").lines.count > 10)
    }
}

/// Where the package lies: three levels above this file.
private let repositoryRoot: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
}()

/// Runs a shell command; its exit status (255 for a signal) and what it wrote, by lines.
private func run(_ command: String) -> (status: Int32, lines: [String]) {
    guard let stream = unsafe popen("exec 2>&1; " + command, "r") else { return (255, []) }
    var output: [UInt8] = []
    while true {
        let byte = unsafe fgetc(stream)
        if byte == EOF { break }
        output.append(UInt8(truncatingIfNeeded: byte))
    }
    let status = unsafe pclose(stream)
    let text = String(decoding: output, as: UTF8.self)
    return (
        status & 0x7F == 0 ? status >> 8 & 0xFF : 255,
        text.split(separator: "\n").map(String.init)
    )
}
