// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct JSONTests {
    @Test func writesEachKindOfValue() {
        let value: JSON = [
            "text": "a", "whole": -1, "yes": true, "none": .null, "list": [1, "b"], "empty": [:],
            "fraction": .number(0.5),
        ]
        #expect(
            "\(value)"
                == #"{"text":"a","whole":-1,"yes":true,"none":null,"list":[1,"b"],"empty":{},"fraction":0.5}"#
        )
    }

    @Test func escapesWhatEndsTextsOrActsOnTerminals() {
        #expect(
            "\(JSON.string("\"\\\n\r\t\u{1B}[31m\u{7F}\u{9B}\u{2028}ä"))"
                == #""\"\\\n\r\t\u001b[31m\u007f\u009b\u2028ä""#)
    }

    @Test func writesNoNumberThatJSONHasNot() {
        #expect("\(JSON.number(.infinity))" == "null")
        #expect("\(JSON.number(.nan))" == "null")
        #expect("\(JSON(UInt64.max))" == "9223372036854775807")
    }
}
