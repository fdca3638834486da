package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MachineTimeTest {

    @Test
    void whatTheHostGaveToOthers() {
        MachineTime before = MachineTime.of("cpu  6268906 3322 657837 3767476 49769 0 117142 968854 7 9");
        MachineTime after = MachineTime.of("cpu  6268926 3322 657847 3767516 49769 0 117142 968884 8 9");
        assertThat(before.stolen()).isEqualTo(968_854);
        assertThat(after.stolenSince(before)).isEqualTo(0.3);
        assertThat(after.stolenSince(after)).isZero();
    }

    @Test
    void whereLinuxDoesNotTell() {
        assertThat(new MachineTime(0, 0).stolenSince(new MachineTime(0, 0))).isZero();
        assertThatThrownBy(() -> MachineTime.of("cpu 1 2 3")).isInstanceOf(ArrayIndexOutOfBoundsException.class);
    }
}
