// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

/// Hundreds of configurations, each understood by us as by ssh(1).
@Suite struct CorpusTests {
    private static func compare(_ entry: Corpus.Entry) throws {
        try OracleTests.compare(entry.text, host: entry.host, commandLine: entry.commandLine)
    }

    @Test(arguments: Corpus.single.indices) func everyValue(_ index: Int) throws {
        try Self.compare(Corpus.single[index])
    }

    @Test(arguments: Corpus.matches.indices) func everyCriterion(_ index: Int) throws {
        try Self.compare(Corpus.matches[index])
    }

    @Test(arguments: Corpus.written.indices) func writtenConfigurations(_ index: Int) throws {
        try Self.compare(Corpus.written[index])
    }

    @Test(arguments: Corpus.generated.indices) func generatedConfigurations(_ index: Int) throws {
        try Self.compare(Corpus.generated[index])
    }

    @Test func theCorpusIsLarge() {
        let all = Corpus.single + Corpus.matches + Corpus.written + Corpus.generated
        #expect(Set(all.map { "\($0)" }).count >= 500)
    }

    @Test func theCorpusHasEveryOptionThatSSHKnows() {
        let keywords = Set(Corpus.values.map { $0.keyword.lowercased() })
        for option in OptionTable.all {
            guard option.optionClass == .a || option.optionClass == .b,
                !SSHOracle.laterOptions.contains(option.keyword)
            else { continue }
            #expect(keywords.contains(option.keyword.lowercased()), "\(option.keyword)")
        }
    }

    /// What ssh 9.2 knows; what came later is in the table of `LaterOptionTests`.
    @Test func theCorpusHasEveryTokenAndEveryCriterion() {
        let all = Corpus.single + Corpus.matches + Corpus.written + Corpus.generated
        for token in ["%%", "%C", "%d", "%h", "%i", "%k", "%L", "%l", "%n", "%p", "%r", "%u"] {
            // Where it is expanded at once and printed so, and where a command gets it.
            #expect(
                all.contains { $0.text.contains("ControlPath") && $0.text.contains(token) },
                "\(token)")
            #expect(
                Corpus.matches.contains { $0.text.contains("exec") && $0.text.contains(token) },
                "\(token)")
        }
        for token in ["%f", "%H", "%I", "%K", "%t"] {
            #expect(
                all.contains { $0.text.contains("KnownHostsCommand") && $0.text.contains(token) },
                "\(token)")
        }
        for criterion in [
            "all", "canonical", "final", "exec", "host", "originalhost", "user", "localuser",
        ] {
            for sign in ["", "!"] {
                #expect(
                    Corpus.matches.contains { $0.text.contains("Match \(sign)\(criterion)") },
                    "\(sign)\(criterion)")
            }
        }
    }

    @Test func whatIsNewerThanTheOldestSSHHasATable() {
        let texts = LaterOptionTests.all
        for option in SSHOracle.laterOptions {
            #expect(texts.contains { $0.contains(option) }, "\(option)")
        }
        for criterion in ["tagged", "localnetwork", "version", "command", "sessiontype"] {
            for sign in ["", "!"] {
                #expect(
                    texts.contains { $0.hasPrefix(sign + criterion) }, "\(sign)\(criterion)")
            }
        }
        #expect(texts.contains { $0.contains("%j") })
    }
}
