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
}
