package proc_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/test/peers/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCPU spends a known time of CPU in this process and in children, living and ended.
func TestCPU(t *testing.T) {
	before, err := proc.CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	self := proc.Self()
	for start := proc.Self(); proc.Self()-start < 200*time.Millisecond; {
	}
	spent := proc.Self() - self
	after, err := proc.CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// Ticks of 10 ms at both ends, for user and system time.
	if d := after - before - spent; d < -40*time.Millisecond || d > 100*time.Millisecond {
		t.Errorf("/proc says %v, getrusage %v", after-before, spent)
	}
	if out, err := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ended, err := proc.CPU(os.Getpid())
	if err != nil || ended-after < 50*time.Millisecond {
		t.Errorf("a child that ended cost %v, %v", ended-after, err)
	}
	child := exec.Command("sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		living, err := proc.CPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if living-ended >= 100*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a living child cost %v", living-ended)
		}
	}
	if _, err := proc.CPU(1 << 30); err == nil {
		t.Error("a process that is none has a CPU time")
	}
}

// TestPeak allocates and frees while it is watched.
func TestPeak(t *testing.T) {
	before, err := proc.Resident(os.Getpid())
	if err != nil || before == 0 {
		t.Fatal(before, err)
	}
	stop := proc.Peak(os.Getpid())
	block := make([]byte, 64<<20)
	for i := range block {
		block[i] = 1
	}
	time.Sleep(100 * time.Millisecond)
	if peak := stop(); peak-before < 60<<20 {
		t.Errorf("64 MiB more show as %d", peak-before)
	}
	if block[12345] == 0 {
		t.Error("kept until here")
	}
}

func TestMachine(t *testing.T) {
	if proc.Machine() == "" {
		t.Error("the machine has no name")
	}
}
